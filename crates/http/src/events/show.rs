use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_events::EventId;
use square_wire::{ErrorBody, Event, Fault};

/// One event
#[utoipa::path(tag = "events", params(("id" = Uuid, Path, description = "The event.")), security((), ("token" = [])), responses(
    (status = 200, description = "The event.", body = Event),
    (status = 404, description = "There is no such event.", body = ErrorBody),
))]
#[get("/events/{id}")]
pub(crate) async fn show_event(
    state: Data<State>,
    _: Caller,
    Id(id): Id<EventId>,
) -> Result<HttpResponse, Failure> {
    let event = state.services.events.find(id).await?;
    let event = event.ok_or_else(|| Failure(Fault::not_found("event")))?;
    Ok(HttpResponse::Ok().json(Event::from(&event)))
}
