use super::RoleReply;
use super::body::RolePatchBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use square_casting::RoleId;
use square_wire::ErrorBody;

/// Change a role
///
/// What is left out or `null` stays. Takes the permission `patch:roles`, and what seeing roles takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The role.")), request_body = RolePatchBody, security(("token" = [])), responses(
    (status = 200, description = "The role as it is now.", body = RoleReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such role.", body = ErrorBody),
))]
#[patch("/roles/{id}")]
pub(super) async fn change_role(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<RoleId>,
    Json(body): Json<RolePatchBody>,
) -> Result<HttpResponse, Failure> {
    let role = state.services.casting.change_role(&caller.asker, id, &body.patch()?).await?;
    Ok(HttpResponse::Ok().json(RoleReply::new(&role)))
}
