use super::MovieReply;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_casting::MovieId;
use square_wire::ErrorBody;

/// One film
///
/// Takes the permission `get:movies`.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The film.")), security((), ("token" = [])), responses(
    (status = 200, description = "The film.", body = MovieReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such film.", body = ErrorBody),
))]
#[get("/movies/{id}")]
pub(super) async fn show_movie(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<MovieId>,
) -> Result<HttpResponse, Failure> {
    let movie = state.services.casting.movie(&asker, id).await?;
    Ok(HttpResponse::Ok().json(MovieReply::new(&movie)))
}
