//! The calls on events of the events service.

mod body;
mod create;
mod delete;
mod edit;
mod list;
mod replace;
mod show;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_events)
        .service(create::create_event)
        .service(show::show_event)
        .service(replace::replace_event)
        .service(edit::edit_event)
        .service(delete::delete_event);
}
