use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use serde::{Deserialize, Serialize};
use square_casting::RoleId;
use square_wire::ErrorBody;
use utoipa::ToSchema;
use uuid::Uuid;

/// A role is gone.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct DeletedRole {
    /// Always `true`.
    success: bool,
    /// Which.
    deleted: Uuid,
}

/// Delete a role
///
/// Takes the permission `delete:roles`, and what seeing roles takes.
#[utoipa::path(tag = "casting", params(("id" = Uuid, Path, description = "The role.")), security(("token" = [])), responses(
    (status = 200, description = "What is gone.", body = DeletedRole),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such role.", body = ErrorBody),
))]
#[delete("/roles/{id}")]
pub(super) async fn remove_role(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<RoleId>,
) -> Result<HttpResponse, Failure> {
    state.services.casting.remove_role(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(DeletedRole { success: true, deleted: id.uuid() }))
}
