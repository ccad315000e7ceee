use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_events::EventId;
use square_wire::{ErrorBody, Event};

/// Delete an event
///
/// For its owner, and for whoever may `delete:events`.
#[utoipa::path(tag = "events", params(("id" = Uuid, Path, description = "The event.")), security(("token" = [])), responses(
    (status = 200, description = "The event as it was.", body = Event),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such event.", body = ErrorBody),
))]
#[delete("/events/{id}")]
pub(crate) async fn delete_event(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<EventId>,
) -> Result<HttpResponse, Failure> {
    let event = state.services.events.delete(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(Event::from(&event)))
}
