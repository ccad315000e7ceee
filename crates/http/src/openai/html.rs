use crate::Failure;
use square_routing::SkillOutcome;
use square_skills::ResultBody;
use square_wire::Fault;

/// Whether an answer has to be made text of HTML.
pub(super) fn holds_html(outcome: &SkillOutcome) -> bool {
    let items = outcome.answer.as_deref().unwrap_or_default();
    items.iter().any(|item| matches!(item.body, ResultBody::RawHtml(_)))
}

/// Does work that makes text of HTML, if there is any, on a thread for such work: it may take long, and others share this one.
pub(super) async fn worked_on<T: Send + 'static>(
    html: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if !html {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure(Fault::internal()))
}
