use super::ActorReply;
use super::body::ActorBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::ErrorBody;

/// Add an actor
///
/// Takes the permission `post:actors`, and what seeing actors takes.
#[utoipa::path(tag = "casting", request_body = ActorBody, security(("token" = [])), responses(
    (status = 201, description = "The actor.", body = ActorReply),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[post("/actors")]
pub(super) async fn add_actor(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<ActorBody>,
) -> Result<HttpResponse, Failure> {
    let actor = state.services.casting.add_actor(&caller.asker, body.fields()?).await?;
    Ok(HttpResponse::Created().json(ActorReply::new(&actor)))
}
