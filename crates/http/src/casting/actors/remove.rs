use crate::Failure;
use crate::api::State;
use crate::casting::Removed;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_casting::ActorId;
use square_wire::ErrorBody;

/// Delete an actor
///
/// With their roles; the answer says how many. Takes the permission `delete:actors`, and what seeing actors takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The actor.")), security(("token" = [])), responses(
    (status = 200, description = "What is gone.", body = Removed),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such actor.", body = ErrorBody),
))]
#[delete("/actors/{id}")]
pub(super) async fn remove_actor(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<ActorId>,
) -> Result<HttpResponse, Failure> {
    let deleted_roles = state.services.casting.remove_actor(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(Removed::new(id.uuid(), deleted_roles)))
}
