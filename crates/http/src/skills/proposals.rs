//! Questions that askers found well answered, for the owner of the skill to take as examples.

mod accept;
mod accept_several;
mod dismiss;
mod list;
mod ratings;
mod show;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ratings::show_ratings)
        .service(list::list_proposals)
        .service(accept_several::accept_proposals)
        .service(show::show_proposal)
        .service(accept::accept_proposal)
        .service(dismiss::dismiss_proposal);
}
