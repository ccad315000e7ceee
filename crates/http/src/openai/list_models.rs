use super::api_key::ApiKey;
use crate::Failure;
use crate::api::State;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_wire::openai::ModelList;

/// What can be asked for as a model
///
/// `square`, which has the skills chosen that fit, and each published skill by its name. In the shape of OpenAI's API.
#[utoipa::path(tag = "openai", security((), ("token" = [])), responses(
    (status = 200, description = "The models.", body = ModelList),
))]
#[get("/models")]
pub(crate) async fn list_models(state: Data<State>, ApiKey(asker): ApiKey) -> Result<HttpResponse, Failure> {
    let skills = state.services.skills.list(&asker);
    let published = skills.iter().map(AsRef::as_ref).filter(|listed| listed.skill.published);
    Ok(HttpResponse::Ok().json(ModelList::of(published)))
}
