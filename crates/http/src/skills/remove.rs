use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Skill};

/// Remove a skill
///
/// It leaves every selector.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "The skill as it was.", body = Skill),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
))]
#[delete("/skill/{id}")]
pub(crate) async fn remove_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.remove(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(view(&listed)))
}
