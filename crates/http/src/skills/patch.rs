use super::body::SkillPatchBody;
use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Skill};

/// Change some of what is said of a skill
///
/// What is left out or `null` stays, except that a `null` secret or model is taken away. A published skill stays
/// published.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), request_body = SkillPatchBody, security(("token" = [])), responses(
    (status = 200, description = "The skill.", body = Skill),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    (status = 409, description = "Another skill has this name.", body = ErrorBody),
))]
#[patch("/skill/{id}")]
pub(crate) async fn patch_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
    Json(body): Json<SkillPatchBody>,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.patch(&caller.asker, id, body.patch()?).await?;
    Ok(HttpResponse::Ok().json(view(&listed)))
}
