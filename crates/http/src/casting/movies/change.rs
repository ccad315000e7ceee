use super::MovieReply;
use super::body::MoviePatchBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use square_casting::MovieId;
use square_wire::ErrorBody;

/// Change a film
///
/// What is left out or `null` stays. Takes the permission `patch:movies`, and what seeing films takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The film.")), request_body = MoviePatchBody, security(("token" = [])), responses(
    (status = 200, description = "The film as it is now.", body = MovieReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such film.", body = ErrorBody),
))]
#[patch("/movies/{id}")]
pub(super) async fn change_movie(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<MovieId>,
    Json(body): Json<MoviePatchBody>,
) -> Result<HttpResponse, Failure> {
    let movie = state.services.casting.change_movie(&caller.asker, id, &body.patch()?).await?;
    Ok(HttpResponse::Ok().json(MovieReply::new(&movie)))
}
