use super::ActorReply;
use super::body::ActorPatchBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use square_casting::ActorId;
use square_wire::ErrorBody;

/// Change an actor
///
/// What is left out or `null` stays. Takes the permission `patch:actors`, and what seeing actors takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The actor.")), request_body = ActorPatchBody, security(("token" = [])), responses(
    (status = 200, description = "The actor as they are now.", body = ActorReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such actor.", body = ErrorBody),
))]
#[patch("/actors/{id}")]
pub(super) async fn change_actor(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<ActorId>,
    Json(body): Json<ActorPatchBody>,
) -> Result<HttpResponse, Failure> {
    let actor = state.services.casting.change_actor(&caller.asker, id, &body.patch()?).await?;
    Ok(HttpResponse::Ok().json(ActorReply::new(&actor)))
}
