use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_routing::QuestionId;
use square_wire::{ErrorBody, QuestionView};

/// One question with all its answers so far
///
/// With what the asker said of them. A question asked without a token is open to whoever knows its id, any other only to who asked.
#[utoipa::path(tag = "questions", params(("id" = Uuid, Path, description = "The question.")), security((), ("token" = [])), responses(
    (status = 200, description = "The question.", body = QuestionView),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
))]
#[get("/question/{id}")]
pub(crate) async fn show_question(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
) -> Result<HttpResponse, Failure> {
    let question = state.services.router.find(&asker, id).await?;
    Ok(HttpResponse::Ok().json(view(&state, question).await?))
}
