use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Skill};

/// Unpublish a skill
///
/// It leaves every selector, and its example questions are deleted.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "The skill, unpublished.", body = Skill),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
))]
#[post("/skill/{id}/unpublish")]
pub(crate) async fn unpublish_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.unpublish(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(view(&listed)))
}
