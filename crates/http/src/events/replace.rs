use super::body::EventBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use square_events::EventId;
use square_wire::{ErrorBody, Event};

/// Replace what is said of an event
///
/// All fields. For its owner, and for whoever may `patch:events`.
#[utoipa::path(tag = "events", params(("id" = Uuid, Path, description = "The event.")), request_body = EventBody, security(("token" = [])), responses(
    (status = 200, description = "The event.", body = Event),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "There is no such event.", body = ErrorBody),
))]
#[put("/events/{id}")]
pub(crate) async fn replace_event(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<EventId>,
    Json(body): Json<EventBody>,
) -> Result<HttpResponse, Failure> {
    let event = state.services.events.edit(&caller.asker, id, &body.fields()?.into()).await?;
    Ok(HttpResponse::Ok().json(Event::from(&event)))
}
