//! The calls on films, actors and roles.

mod actors;
mod movies;
mod roles;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(movies::routes).configure(actors::routes).configure(roles::routes);
}

/// A film or an actor is gone.
#[derive(Serialize, Deserialize, ToSchema)]
struct Removed {
    /// Always `true`.
    success: bool,
    /// Which.
    deleted: Uuid,
    /// How many roles went along.
    deleted_roles: u64,
}

impl Removed {
    fn new(deleted: Uuid, deleted_roles: u64) -> Self {
        Self { success: true, deleted, deleted_roles }
    }
}
