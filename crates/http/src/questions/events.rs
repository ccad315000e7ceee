use super::stream;
use crate::api::State;
use crate::extract::{Caller, Id, Query, number};
use crate::{Failure, RequestId};
use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;
use square_kernel::{FieldError, Invalid};
use square_routing::{AnsweredQuestion, QuestionId};
use square_wire::{ErrorBody, StreamEvent};
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The number of the last event that was seen; the header `Last-Event-ID` wins.
    #[param(value_type = Option<u32>)]
    after: Option<String>,
}

/// A question's events
///
/// From the first one on, or from the one after `Last-Event-ID` or `after`: for who lost the connection.
#[utoipa::path(tag = "questions", params(
    ("id" = Uuid, Path, description = "The question."),
    ("Last-Event-ID" = Option<u32>, Header, description = "The number of the last event that was seen."),
    EventsQuery,
), security((), ("token" = [])), responses(
    (status = 200, description = "The events.", body = StreamEvent, content_type = "text/event-stream"),
    (status = 204, description = "All were seen, and the question is finished."),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
))]
#[get("/question/{id}/events")]
pub(crate) async fn question_events(
    request: HttpRequest,
    state: Data<State>,
    request_id: ReqData<RequestId>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
    Query(query): Query<EventsQuery>,
) -> Result<HttpResponse, Failure> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let after = match header {
        Some(number) => seen("Last-Event-ID", Some(number)),
        None => seen("after", query.after.as_deref()),
    };
    let after = after.map_err(Invalid::from)?;
    let router = &state.services.router;
    if after > 0 && all_seen(&router.find(&asker, id).await?, after) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let answers = router.watch(&asker, id, after).await?;
    Ok(stream::respond(id, answers, request_id.into_inner()))
}

fn seen(field: &'static str, text: Option<&str>) -> Result<u32, FieldError> {
    let Some(number) = number(field, text)? else { return Ok(0) };
    u32::try_from(number).map_err(|_| FieldError::new(field, "must be the number of an event"))
}

fn all_seen(question: &AnsweredQuestion, after: u32) -> bool {
    question.finish().is_some() && question.entries.iter().all(|entry| entry.seq <= after)
}
