//! The calls on questions.

mod ask;
mod cancel;
mod events;
mod history;
mod preferences;
mod route;
mod selectors;
mod show;
mod stream;
mod ticket;

pub(crate) use ask::{fallback_from, may_ask};

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ask::ask)
        .service(route::route)
        .service(history::history)
        .service(selectors::selectors)
        .service(events::question_events)
        .service(cancel::cancel_question)
        .service(ticket::question_ticket)
        .service(show::show_question);
}

/// The header that names the question.
pub(crate) const QUESTION_ID: &str = "x-question-id";
/// The header that names the selector in whose place another one chose.
const FALLBACK_FROM: &str = "x-fallback-from";
