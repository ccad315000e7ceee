use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Paging, Query, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_kernel::{Invalid, SkillId};
use square_skills::ProposalState;
use square_wire::{ErrorBody, Proposal};
use utoipa::{IntoParams, ToSchema};

/// Which proposals are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProposalQuery {
    /// Those in this state: `proposed`, `checking`, `taken`, `declined` or `dismissed`; all where it is missing.
    state: Option<String>,
}

/// One page of a skill's proposed examples.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ProposalPage {
    /// The proposals, newest first.
    proposals: Vec<Proposal>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// A skill's proposed example questions
///
/// Questions to which askers found the skill's answer helpful, and that are no examples of it yet.
#[utoipa::path(
    tag = "skills",
    params(("id" = Uuid, Path, description = "The skill."), ProposalQuery, Paging),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them.", body = ProposalPage),
        (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
        (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    ),
)]
#[get("/skill/{id}/proposals")]
pub(crate) async fn list_proposals(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
    Query(query): Query<ProposalQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let page = paging.page()?;
    let wanted = query.state.as_deref().map(str::parse::<ProposalState>).transpose();
    let wanted = wanted.map_err(|()| {
        Invalid::field("state", "must be one of proposed, checking, taken, declined, dismissed")
    })?;
    let slice = state.services.proposals.list(&caller.asker, id, wanted, page).await?;
    Ok(HttpResponse::Ok().json(ProposalPage {
        proposals: slice.items.iter().map(Proposal::from).collect(),
        next_cursor: slice.next.map(|next| next.to_string()),
    }))
}
