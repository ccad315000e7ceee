//! What a running server does beside answering requests. Each task is a loop around a single step of a
//! domain crate; the loop decides only when.

use crate::assembly::Square;
use square_accounts::Step;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the letter worker rests when there is nothing to do or the database is away.
const LETTER_PAUSE: Duration = Duration::from_millis(500);
/// How often sign-outs made elsewhere (another instance, a command) are taken up.
const ACCESS_PAUSE: Duration = Duration::from_millis(500);
/// How long training rests while the database is away.
const TRAINING_PAUSE: Duration = Duration::from_secs(5);
/// How often expired sessions and letters sent long ago are deleted.
const FORGET_PAUSE: Duration = Duration::from_mins(10);

/// Starts every task; they end when `stop` is cancelled, each after the step it is at.
pub(crate) fn start(
    square: &Arc<Square>,
    health_interval: Duration,
    stop: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    let spawn = |task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        tasks.spawn(task);
    };
    spawn(Box::pin(letters(Arc::clone(square), stop.clone())));
    spawn(Box::pin(access(Arc::clone(square), stop.clone())));
    spawn(Box::pin(forget(Arc::clone(square), stop.clone())));
    spawn(Box::pin(health(Arc::clone(square), health_interval, stop.clone())));
    spawn(Box::pin(trainings(Arc::clone(square), stop.clone())));
    tasks.close();
    tasks
}

/// Rests; `false` when it is time to stop.
async fn rest(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}

async fn letters(square: Arc<Square>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match square.letters.step().await {
            Ok(Step::Idle) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(cause = error.chain(), "letters cannot be taken from the queue"),
        }
        if !rest(LETTER_PAUSE, &stop).await {
            return;
        }
    }
}

async fn access(square: Arc<Square>, stop: CancellationToken) {
    while rest(ACCESS_PAUSE, &stop).await {
        if let Err(error) = square.accounts.load().await {
            tracing::error!(cause = error.chain(), "ended sessions cannot be read");
        }
    }
}

async fn forget(square: Arc<Square>, stop: CancellationToken) {
    while rest(FORGET_PAUSE, &stop).await {
        if let Err(error) = square.accounts.forget_sessions().await {
            tracing::error!(cause = error.chain(), "expired sessions cannot be deleted");
        }
        if let Err(error) = square.letters.forget_sent().await {
            tracing::error!(cause = error.chain(), "letters sent long ago cannot be deleted");
        }
    }
}

async fn health(square: Arc<Square>, interval: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = square.skills.check_health() => {}
        }
        if !rest(interval, &stop).await {
            return;
        }
    }
}

/// A training that is cut off here is taken up at the next start.
async fn trainings(square: Arc<Square>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = train(&square) => {}
    }
}

async fn train(square: &Square) {
    loop {
        match square.skills.train_next().await {
            Ok(Some(_)) => {}
            Ok(None) => square.skills.work_waits().await,
            Err(error) => {
                tracing::error!(cause = error.chain(), "training waits for the database");
                tokio::time::sleep(TRAINING_PAUSE).await;
            }
        }
    }
}
