use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn, Under};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_kernel::SkillId;
use square_skills::ProposalId;
use square_wire::{ErrorBody, Fault, Proposal};

/// One proposed example question
#[utoipa::path(tag = "skills", security(("token" = [])), params(
    ("id" = Uuid, Path, description = "The skill."),
    ("proposal" = Uuid, Path, description = "The proposal."),
), responses(
    (status = 200, description = "The proposal.", body = Proposal),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such skill or proposal, or it is not yours to see.", body = ErrorBody),
))]
#[get("/skill/{id}/proposals/{proposal}")]
pub(crate) async fn show_proposal(
    state: Data<State>,
    caller: SignedIn,
    Id(skill): Id<SkillId>,
    Under(id): Under<ProposalId>,
) -> Result<HttpResponse, Failure> {
    let found = state.services.proposals.find(&caller.asker, skill, id).await?;
    let proposal = found.ok_or_else(|| Failure(Fault::not_found("proposal")))?;
    Ok(HttpResponse::Ok().json(Proposal::from(&proposal)))
}
