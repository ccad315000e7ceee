use crate::Failure;
use crate::api::State;
use crate::casting::Removed;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_casting::MovieId;
use square_wire::ErrorBody;

/// Delete a film
///
/// With the roles in it; the answer says how many. Takes the permission `delete:movies`, and what seeing films takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The film.")), security(("token" = [])), responses(
    (status = 200, description = "What is gone.", body = Removed),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such film.", body = ErrorBody),
))]
#[delete("/movies/{id}")]
pub(super) async fn remove_movie(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<MovieId>,
) -> Result<HttpResponse, Failure> {
    let deleted_roles = state.services.casting.remove_movie(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(Removed::new(id.uuid(), deleted_roles)))
}
