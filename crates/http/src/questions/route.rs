use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde_json::Value;
use square_wire::{ErrorBody, QuestionRequest, RoutingView};

/// Where a question would go
///
/// A dry run: nothing is asked and nothing is kept. Each skill stands there with its score and the example questions of its
/// that are most like the question; each that would not be asked also with the reason. The same decision is part of every
/// question that is asked (`routing` of `GET /question/{id}`).
///
/// A skill that is named and does not exist, or is not yours to see, is left out as `not_allowed`; `POST /question` refuses
/// such a question. A dry run counts as a question towards how often you may ask.
#[utoipa::path(tag = "questions", request_body = QuestionRequest, security((), ("token" = [])), responses(
    (status = 200, description = "The decision.", body = RoutingView),
    (status = 401, description = "A bad token, or none where the server wants one.", body = ErrorBody),
    (status = 429, description = "You ask too often (`too_many_questions`).", body = ErrorBody),
))]
#[post("/route")]
pub(crate) async fn route(
    state: Data<State>,
    Caller(asker): Caller,
    Json(body): Json<Value>,
) -> Result<HttpResponse, Failure> {
    let question = QuestionRequest::read(body).map_err(Failure)?.question(None)?;
    let choice = state.services.router.route(&asker, &question).await?;
    Ok(HttpResponse::Ok().json(RoutingView::from(&choice)))
}
