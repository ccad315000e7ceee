use super::body::SkillBody;
use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::{ErrorBody, Skill};

/// Register a skill
///
/// It belongs to whoever registers it and is unpublished until it is trained. Where no protocol is given, the address is
/// called to find it out, which may take some seconds; the skill tells which it is.
#[utoipa::path(tag = "skills", request_body = SkillBody, security(("token" = [])), responses(
    (status = 201, description = "The skill, unpublished.", body = Skill),
    (status = 403, description = "The account's address is not confirmed.", body = ErrorBody),
    (status = 409, description = "Another skill has this name (`already_exists`), or you own as many as you may (`too_many_skills`).", body = ErrorBody),
    (status = 429, description = "Addresses were called too often of late: for you, or at this host.", body = ErrorBody),
))]
#[post("/skill")]
pub(crate) async fn register_skill(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<SkillBody>,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.register(&caller.asker, body.fields()?).await?;
    Ok(HttpResponse::Created().json(view(&listed)))
}
