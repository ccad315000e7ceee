use super::rest;
use futures::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs a task to its end. One that panics begins anew after `pause`: without one of its tasks an instance would go on
/// serving, and be taken for dead, or answer from what is long out of date.
pub(super) async fn lasting<F>(
    name: &'static str,
    mut task: impl FnMut() -> F,
    pause: Duration,
    stop: CancellationToken,
) where
    F: Future<Output = ()>,
{
    // What a task has in hand is dropped with it; what it shares with others is in the database or behind locks.
    while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
        tracing::error!(task = name, "a background task panicked and begins anew");
        if !rest(pause, &stop).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    async fn begun(panics: u32, stop: CancellationToken) -> u32 {
        let begun = AtomicU32::new(0);
        let task = async || assert!(begun.fetch_add(1, Ordering::Relaxed) >= panics, "as this test has it");
        lasting("test", task, Duration::ZERO, stop).await;
        begun.into_inner()
    }

    #[tokio::test]
    async fn a_task_that_panics_begins_anew_and_one_that_ends_does_not() {
        assert_eq!(begun(0, CancellationToken::new()).await, 1);
        assert_eq!(begun(2, CancellationToken::new()).await, 3);
    }

    #[tokio::test]
    async fn nothing_begins_anew_at_the_end() {
        let stop = CancellationToken::new();
        stop.cancel();
        let begun = AtomicU32::new(0);
        let task = async || assert_eq!(begun.fetch_add(1, Ordering::Relaxed), 7, "as this test has it");
        lasting("test", task, Duration::from_hours(1), stop).await;
        assert_eq!(begun.into_inner(), 1);
    }
}
