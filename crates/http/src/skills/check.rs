use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_kernel::SkillId;
use square_wire::{ErrorBody, SkillCheck};

/// Check a skill
///
/// Asks one's own skill the question "Is anybody there?" as its protocol has it and tells step by step how that went, in
/// words that say what to mend. Nothing of it is kept.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "How it went. A built-in skill has no steps.", body = SkillCheck),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    (status = 429, description = "Addresses were called too often of late: for you, or at this host.", body = ErrorBody),
))]
#[post("/skill/{id}/check")]
pub(crate) async fn check_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let report = state.services.skills.check(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(SkillCheck::from(&report)))
}
