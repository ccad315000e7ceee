use super::ActorReply;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_casting::ActorId;
use square_wire::ErrorBody;

/// One actor
///
/// Takes the permission `get:actors`.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The actor.")), security((), ("token" = [])), responses(
    (status = 200, description = "The actor.", body = ActorReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such actor.", body = ErrorBody),
))]
#[get("/actors/{id}")]
pub(super) async fn show_actor(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<ActorId>,
) -> Result<HttpResponse, Failure> {
    let actor = state.services.casting.actor(&asker, id).await?;
    Ok(HttpResponse::Ok().json(ActorReply::new(&actor)))
}
