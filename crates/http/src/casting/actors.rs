//! The calls on actors.

mod add;
mod body;
mod change;
mod list;
mod remove;
mod show;

use serde::{Deserialize, Serialize};
use square_wire::Actor;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_actors)
        .service(add::add_actor)
        .service(show::show_actor)
        .service(change::change_actor)
        .service(remove::remove_actor);
}

/// An actor.
#[derive(Serialize, Deserialize, ToSchema)]
struct ActorReply {
    /// Always `true`.
    success: bool,
    /// The actor.
    actor: Actor,
}

impl ActorReply {
    fn new(actor: &square_casting::Actor) -> Self {
        Self { success: true, actor: Actor::from(actor) }
    }
}
