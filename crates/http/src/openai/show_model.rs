use super::api_key::ApiKey;
use super::published;
use crate::Failure;
use crate::api::State;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use square_wire::Fault;
use square_wire::openai::{Addressee, Model, OpenAiErrorBody};

/// One model
///
/// `square`, or a published skill by its name or id. In the shape of OpenAI's API.
#[utoipa::path(tag = "openai", params(("model" = String, Path, description = "`square`, or a skill's name or id.")),
    security((), ("token" = [])), responses(
    (status = 200, description = "The model.", body = Model),
    (status = 404, description = "`model_not_found`: there is no published skill called so.", body = OpenAiErrorBody),
))]
#[get("/models/{model}")]
pub(crate) async fn show_model(
    state: Data<State>,
    ApiKey(asker): ApiKey,
    name: Path<String>,
) -> Result<HttpResponse, Failure> {
    let model = if Addressee::is_routed(&name) {
        Model::routing()
    } else {
        let listed = published(&state, &asker, &name);
        Model::of(&*listed.ok_or_else(|| Failure(Fault::model_not_found(&name)))?)
    };
    Ok(HttpResponse::Ok().json(model))
}
