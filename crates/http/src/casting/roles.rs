//! The calls on roles: who played whom in which film.

mod add;
mod body;
mod change;
mod list;
mod remove;
mod show;

use serde::{Deserialize, Serialize};
use square_wire::Role;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_roles)
        .service(add::add_role)
        .service(show::show_role)
        .service(change::change_role)
        .service(remove::remove_role);
}

/// A role.
#[derive(Serialize, Deserialize, ToSchema)]
struct RoleReply {
    /// Always `true`.
    success: bool,
    /// The role.
    role: Role,
}

impl RoleReply {
    fn new(role: &square_casting::Role) -> Self {
        Self { success: true, role: Role::from(role) }
    }
}
