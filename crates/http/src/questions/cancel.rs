use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_kernel::Asker;
use square_routing::{AnsweredQuestion, QuestionId, Router};
use square_wire::{ErrorBody, QuestionView};
use std::time::Duration;

/// How long the end is waited for: another instance may have to hear of it first.
const PATIENCE: Duration = Duration::from_secs(5);

/// End a question early
///
/// Skills that have not answered are no longer waited for. The reply is the question with what was answered until then. One
/// that has ended stays as it is, so this may be called again. A question asked without a token may be ended by whoever
/// knows its id, any other only by who asked.
#[utoipa::path(tag = "questions", params(("id" = Uuid, Path, description = "The question.")), security((), ("token" = [])), responses(
    (status = 200, description = "The question; in the worst case its end is still to come.", body = QuestionView),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
))]
#[post("/question/{id}/cancel")]
pub(crate) async fn cancel_question(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
) -> Result<HttpResponse, Failure> {
    let router = &state.services.router;
    let mut question = router.find(&asker, id).await?;
    // Where it ended meanwhile there is nothing to cancel.
    if question.finish().is_none() && router.cancel(&asker, id).await? {
        question = ended(router, &asker, id).await?;
    } else {
        question = router.find(&asker, id).await?;
    }
    Ok(HttpResponse::Ok().json(view(&state, question).await?))
}

/// The question once it has ended, or as it is when that takes too long.
async fn ended(router: &Router, asker: &Asker, id: QuestionId) -> Result<AnsweredQuestion, Failure> {
    let answers = router.watch(asker, id, 0).await?;
    match tokio::time::timeout(PATIENCE, answers.all()).await {
        Ok(question) => Ok(question?),
        Err(_) => Ok(router.find(asker, id).await?),
    }
}
