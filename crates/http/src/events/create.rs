use super::body::EventBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::{ErrorBody, Event};

/// Enter an event
///
/// It belongs to whoever enters it. There is an end to how many events an account may have.
#[utoipa::path(tag = "events", request_body = EventBody, security(("token" = [])), responses(
    (status = 201, description = "The event.", body = Event),
    (status = 403, description = "You have as many events as an account may have.", body = ErrorBody),
))]
#[post("/events")]
pub(crate) async fn create_event(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<EventBody>,
) -> Result<HttpResponse, Failure> {
    let event = state.services.events.create(&caller.asker, body.fields()?).await?;
    Ok(HttpResponse::Created().json(Event::from(&event)))
}
