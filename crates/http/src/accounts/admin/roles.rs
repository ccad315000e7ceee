use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::SignedIn;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_accounts::ports::Role;
use square_wire::ErrorBody;
use utoipa::ToSchema;

/// All roles.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Roles {
    /// Always `true`.
    success: bool,
    /// The roles, in alphabetical order.
    roles: Vec<RoleView>,
}

/// A role.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RoleView {
    /// Its name.
    #[schema(example = "casting_assistant")]
    name: String,
    /// What it allows, each `verb:thing`.
    permissions: Vec<String>,
    /// How many accounts have it.
    holders: u64,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self { name: role.name, permissions: role.permissions, holders: role.holders }
    }
}

/// All roles
///
/// What they allow is for the operator to change, by `square role`. Takes the permission `get:users`.
#[utoipa::path(tag = "administration", security(("token" = [])), responses(
    (status = 200, description = "The roles.", body = Roles),
    (status = 403, description = "You may not.", body = ErrorBody),
))]
#[get("/account_roles")]
pub(crate) async fn roles(state: Data<State>, caller: SignedIn) -> Result<HttpResponse, Failure> {
    let roles = state.services.accounts.roles(&caller.asker).await?;
    let roles = roles.into_iter().map(RoleView::from).collect();
    Ok(private(StatusCode::OK, Roles { success: true, roles }))
}
