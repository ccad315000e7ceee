use super::RoleReply;
use super::body::RoleBody;
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::ErrorBody;

/// Add a role
///
/// Takes the permission `post:roles`, and what seeing roles takes.
#[utoipa::path(tag = "casting", request_body = RoleBody, security(("token" = [])), responses(
    (status = 201, description = "The role.", body = RoleReply),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[post("/roles")]
pub(super) async fn add_role(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<RoleBody>,
) -> Result<HttpResponse, Failure> {
    let role = state.services.casting.add_role(&caller.asker, body.fields()?).await?;
    Ok(HttpResponse::Created().json(RoleReply::new(&role)))
}
