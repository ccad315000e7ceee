//! The calls on questions.

mod ask;
mod cancel;
mod delete;
mod delete_all;
mod events;
mod export;
mod feedback;
mod history;
mod route;
mod selectors;
mod show;
mod stream;
mod take_back_feedback;
mod ticket;

use crate::Failure;
use crate::api::State;
use square_routing::AnsweredQuestion;
use square_wire::QuestionView;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use ask::fallback_from;
pub(crate) use history::shown;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ask::ask)
        .service(route::route)
        .service(history::history)
        .service(delete_all::delete_questions)
        .service(export::export_questions)
        .service(selectors::selectors)
        .service(events::question_events)
        .service(cancel::cancel_question)
        .service(ticket::question_ticket)
        .service(feedback::give_feedback)
        .service(take_back_feedback::take_back_feedback)
        .service(show::show_question)
        .service(delete::delete_question);
}

/// One question with what its asker said of the answers.
async fn view(state: &State, question: AnsweredQuestion) -> Result<QuestionView, Failure> {
    let mut shown = shown(state, std::slice::from_ref(&question)).await?;
    Ok(shown.pop().unwrap_or_else(|| QuestionView::from(&question)))
}

/// The header that names the question.
pub(crate) const QUESTION_ID: &str = "x-question-id";
/// The header that names the selector in whose place another one chose.
const FALLBACK_FROM: &str = "x-fallback-from";
