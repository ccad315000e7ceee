use crate::api::State;
use crate::extract::{Id, SignedIn, Under};
use crate::{Failure, preferences};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use square_kernel::SkillId;
use square_skills::{ProposalId, ProposalState};
use square_wire::{ErrorBody, Fault, Proposal};

/// Accept a proposed example question
///
/// It is tried in the background: copies of the selectors learn the skill with it, and where one of them then sends fewer of the held-out
/// questions of all skills to the right skill than without it, the proposal is `declined` and says so; otherwise it is `taken`, becomes the last
/// of the skill's examples, and the selectors learn it. With `Prefer: wait=10` the reply waits for the outcome, up to so many seconds.
#[utoipa::path(tag = "skills", security(("token" = [])), params(
    ("id" = Uuid, Path, description = "The skill."),
    ("proposal" = Uuid, Path, description = "The proposal."),
    ("Prefer" = Option<String>, Header, description = "`wait=` and how many seconds to wait for the outcome, at most 30."),
), responses(
    (status = 200, description = "It is an example of the skill now, or was already.", body = Proposal),
    (status = 202, description = "It is being tried.", body = Proposal),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such skill or proposal, or it is not yours to see.", body = ErrorBody),
    (status = 409, description = "The skill is not published (`not_published`); or it was waited for and accuracy would fall, with both figures in words (`proposal_declined`).", body = ErrorBody),
))]
#[post("/skill/{id}/proposals/{proposal}/accept")]
pub(crate) async fn accept_proposal(
    request: HttpRequest,
    state: Data<State>,
    caller: SignedIn,
    Id(skill): Id<SkillId>,
    Under(id): Under<ProposalId>,
) -> Result<HttpResponse, Failure> {
    let proposals = &state.services.proposals;
    let mut accepted = proposals.accept(&caller.asker, skill, &[id]).await?.pop();
    if let Some(patience) = preferences::wait(request.headers()) {
        accepted = proposals.settled(&caller.asker, skill, id, patience).await?;
    }
    let proposal = accepted.ok_or_else(|| Failure(Fault::not_found("proposal")))?;
    match (proposal.state, proposal.check.as_ref().and_then(|check| check.declined.clone())) {
        (ProposalState::Declined, Some(reason)) => Err(Failure(Fault::proposal_declined(reason))),
        (ProposalState::Taken, _) => Ok(HttpResponse::Ok().json(Proposal::from(&proposal))),
        _ => Ok(HttpResponse::Accepted().json(Proposal::from(&proposal))),
    }
}
