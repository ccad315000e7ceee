use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn, Under};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_kernel::SkillId;
use square_skills::ProposalId;
use square_wire::{ErrorBody, Proposal};

/// Dismiss a proposed example question
///
/// It is not proposed again, but can still be accepted. One that is being tried is not taken then.
#[utoipa::path(tag = "skills", security(("token" = [])), params(
    ("id" = Uuid, Path, description = "The skill."),
    ("proposal" = Uuid, Path, description = "The proposal."),
), responses(
    (status = 200, description = "Dismissed.", body = Proposal),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such skill or proposal, or it is not yours to see.", body = ErrorBody),
    (status = 409, description = "It is an example of the skill already (`already_taken`).", body = ErrorBody),
))]
#[post("/skill/{id}/proposals/{proposal}/dismiss")]
pub(crate) async fn dismiss_proposal(
    state: Data<State>,
    caller: SignedIn,
    Id(skill): Id<SkillId>,
    Under(id): Under<ProposalId>,
) -> Result<HttpResponse, Failure> {
    let proposal = state.services.proposals.dismiss(&caller.asker, skill, id).await?;
    Ok(HttpResponse::Ok().json(Proposal::from(&proposal)))
}
