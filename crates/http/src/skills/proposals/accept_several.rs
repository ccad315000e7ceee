use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use square_kernel::{FieldError, Invalid, SkillId};
use square_skills::ProposalId;
use square_wire::{ErrorBody, Proposal};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// How many are taken at once.
const MOST: usize = 200;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"proposals": ["01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0"]}))]
pub(crate) struct Choice {
    /// Their identifiers, 1 to 200.
    #[schema(required, value_type = Vec<Uuid>)]
    proposals: Option<Vec<String>>,
}

impl Choice {
    /// Each once.
    fn ids(&self) -> Result<Vec<ProposalId>, Invalid> {
        let ids = self.proposals.as_deref().unwrap_or_default();
        if !(1..=MOST).contains(&ids.len()) {
            return Err(Invalid::field("proposals", "must have 1 to 200 identifiers"));
        }
        let id = |text: &String| {
            let unreadable = |error: square_kernel::IdSyntax| FieldError::new("proposals", error.to_string());
            text.parse::<ProposalId>().map_err(unreadable)
        };
        let ids: BTreeSet<ProposalId> = ids.iter().map(id).collect::<Result<_, _>>()?;
        Ok(ids.into_iter().collect())
    }
}

/// Proposals that are being tried.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AcceptedProposals {
    /// As they stand now.
    proposals: Vec<Proposal>,
}

/// Accept several proposed example questions
///
/// All of them or, where one is unknown, none. They are tried together first; where accuracy would fall with all of them, in halves,
/// down to those that are the reason. Each then says how it went.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 202, description = "They are being tried; those that were taken before are as they were.", body = AcceptedProposals),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such skill or proposal, or it is not yours to see.", body = ErrorBody),
    (status = 409, description = "The skill is not published (`not_published`).", body = ErrorBody),
))]
#[post("/skill/{id}/proposals/accept")]
pub(crate) async fn accept_proposals(
    state: Data<State>,
    caller: SignedIn,
    Id(skill): Id<SkillId>,
    Json(body): Json<Choice>,
) -> Result<HttpResponse, Failure> {
    let accepted = state.services.proposals.accept(&caller.asker, skill, &body.ids()?).await?;
    let proposals = accepted.iter().map(Proposal::from).collect();
    Ok(HttpResponse::Accepted().json(AcceptedProposals { proposals }))
}
