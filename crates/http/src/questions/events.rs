use super::stream::stream;
use crate::api::State;
use crate::extract::{Caller, Id, Query, number};
use crate::{Failure, RequestId};
use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;
use square_kernel::{FieldError, Invalid};
use square_routing::QuestionId;
use square_wire::{ErrorBody, EventFilter, StreamEvent};
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The number of the last event that was seen; the header `Last-Event-ID` wins.
    #[param(value_type = Option<u32>)]
    after: Option<String>,
    /// Which events to bring: `results` (the default: `skill_result` for each skill, then `finished`), or `all`.
    #[param(value_type = Option<String>)]
    events: Option<String>,
    /// A ticket of `POST /question/{id}/ticket`, for who cannot send a token.
    ticket: Option<String>,
}

/// A question's events
///
/// From the first one on, or from the one after `Last-Event-ID` or `after`: for who lost the connection. With `events=all`, numbers
/// that are kept no longer are told of by an event `gap`.
#[utoipa::path(tag = "questions", params(
    ("id" = Uuid, Path, description = "The question."),
    ("Last-Event-ID" = Option<u32>, Header, description = "The number of the last event that was seen."),
    EventsQuery,
), security((), ("token" = [])), responses(
    (status = 200, description = "The events.", body = StreamEvent, content_type = "text/event-stream"),
    (status = 204, description = "All were seen, and the question is finished."),
    (status = 401, description = "A bad token, or a ticket that is not good for this question or no longer.", body = ErrorBody),
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
    let mut invalid = Invalid::default();
    let after = invalid.collect(after);
    let filter = invalid.collect(EventFilter::parse("events", query.events.as_deref()));
    let (Some(after), Some(filter)) = (after, filter) else { return Err(invalid.into()) };
    let router = &state.services.router;
    let answers = match &query.ticket {
        Some(ticket) => router.watch_by_ticket(ticket, id, after).await?,
        None => router.watch(&asker, id, after).await?,
    };
    if answers.is_over() {
        return Ok(HttpResponse::NoContent().finish());
    }
    Ok(stream(answers, filter, request_id.into_inner(), &state.services.settings))
}

fn seen(field: &'static str, text: Option<&str>) -> Result<u32, FieldError> {
    let Some(number) = number(field, text)? else { return Ok(0) };
    u32::try_from(number).map_err(|_| FieldError::new(field, "must be the number of an event"))
}
