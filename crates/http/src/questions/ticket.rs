use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use square_routing::QuestionId;
use square_wire::ErrorBody;
use utoipa::ToSchema;

/// A ticket for the events of one question.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionTicket {
    /// What to send as `ticket`.
    ticket: String,
    /// Until when it is good, RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The path of the events with the ticket in it, for `EventSource`.
    #[schema(example = "/api/question/01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0/events?ticket=…")]
    path: String,
}

/// A ticket for a question's events
///
/// Browsers' `EventSource` sends no `Authorization` header, and access tokens do not belong into URLs. A ticket does: it is good
/// for one minute, for reading the events of this question, and for nothing else. Within that minute it may be used again.
#[utoipa::path(tag = "questions", params(("id" = Uuid, Path, description = "The question.")), security((), ("token" = [])), responses(
    (status = 200, description = "The ticket.", body = QuestionTicket),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
))]
#[post("/question/{id}/ticket")]
pub(crate) async fn question_ticket(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
) -> Result<HttpResponse, Failure> {
    let ticket = state.services.router.ticket(&asker, id).await?;
    let text = ticket.text.expose();
    let path = format!("{}/question/{id}/events?ticket={text}", state.services.settings.base_path);
    let reply = QuestionTicket { ticket: text.to_owned(), expires_at: ticket.expires_at.to_string(), path };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(reply))
}
