use crate::QuestionLog;
use crate::live::LiveQuestion;
use square_kernel::Unavailable;
use std::time::Duration;
use tokio::time::sleep;

/// Returns once nobody has watched the question for `grace`, at any instance; never without a `grace`.
///
/// Watchers at other instances are seen by what those note in the log. The log is read only when the last watcher here has
/// gone, and while it cannot be read the question goes on.
pub(crate) async fn deserted(log: &dyn QuestionLog, question: &LiveQuestion, grace: Option<Duration>) {
    let Some(grace) = grace else { return std::future::pending().await };
    loop {
        let watchers = question.unwatched().await;
        tokio::select! {
            biased;
            () = question.watched_by_more_than(watchers) => {}
            quiet = quiet_elsewhere(log, question, grace) => match quiet {
                Ok(true) => return,
                Ok(false) => {}
                Err(cause) => {
                    tracing::warn!(cause = cause.chain(), "whether the question is watched elsewhere is not known");
                    sleep(grace).await;
                }
            },
        }
    }
}

/// Whether no other instance notes within `grace` that the question is watched there.
async fn quiet_elsewhere(
    log: &dyn QuestionLog,
    question: &LiveQuestion,
    grace: Duration,
) -> Result<bool, Unavailable> {
    let before = log.watched(question.record.id).await?;
    sleep(grace).await;
    Ok(log.watched(question.record.id).await? == before)
}
