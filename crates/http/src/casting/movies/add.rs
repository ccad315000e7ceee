use super::MovieReply;
use super::body::MovieBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::ErrorBody;

/// Add a film
///
/// Takes the permission `post:movies`, and what seeing films takes.
#[utoipa::path(tag = "casting", request_body = MovieBody, security(("token" = [])), responses(
    (status = 201, description = "The film.", body = MovieReply),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[post("/movies")]
pub(super) async fn add_movie(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<MovieBody>,
) -> Result<HttpResponse, Failure> {
    let movie = state.services.casting.add_movie(&caller.asker, body.fields()?).await?;
    Ok(HttpResponse::Created().json(MovieReply::new(&movie)))
}
