use super::body::SkillBody;
use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post, put};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Skill};

/// Replace what is said of a skill
///
/// All fields; those left out get their defaults, except the secret, which stays, and the protocol, which stays at the
/// same address and is found out at another. A published skill stays published.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), request_body = SkillBody, security(("token" = [])), responses(
    (status = 200, description = "The skill.", body = Skill),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    (status = 409, description = "Another skill has this name.", body = ErrorBody),
    (status = 429, description = "Addresses were called too often of late: for you, or at this host.", body = ErrorBody),
))]
#[put("/skill/{id}")]
pub(crate) async fn replace_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
    Json(body): Json<SkillBody>,
) -> Result<HttpResponse, Failure> {
    replaced(&state, &caller, id, body).await
}

/// Replace what is said of a skill, by POST
///
/// The same as PUT.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), request_body = SkillBody, security(("token" = [])), responses(
    (status = 200, description = "The skill.", body = Skill),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    (status = 409, description = "Another skill has this name.", body = ErrorBody),
    (status = 429, description = "Addresses were called too often of late: for you, or at this host.", body = ErrorBody),
))]
#[post("/skill/{id}")]
pub(crate) async fn replace_skill_by_post(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
    Json(body): Json<SkillBody>,
) -> Result<HttpResponse, Failure> {
    replaced(&state, &caller, id, body).await
}

async fn replaced(
    state: &State,
    caller: &SignedIn,
    id: SkillId,
    body: SkillBody,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.replace(&caller.asker, id, body.fields()?).await?;
    Ok(HttpResponse::Ok().json(view(&listed)))
}
