use super::RoleReply;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_casting::RoleId;
use square_wire::ErrorBody;

/// One role
///
/// Takes the permissions `get:roles`, `get:movies` and `get:actors`.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The role.")), security((), ("token" = [])), responses(
    (status = 200, description = "The role.", body = RoleReply),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such role.", body = ErrorBody),
))]
#[get("/roles/{id}")]
pub(super) async fn show_role(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<RoleId>,
) -> Result<HttpResponse, Failure> {
    let role = state.services.casting.role(&asker, id).await?;
    Ok(HttpResponse::Ok().json(RoleReply::new(&role)))
}
