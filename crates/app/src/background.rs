//! What a running server does beside answering requests. Each task is a loop around a single step of a
//! domain crate; the loop decides only when.
//!
//! What only one of several instances may do at a time is a duty, asked for before each step.

mod following;
mod membership;
mod relaying;

use crate::assembly::Square;
use square_accounts::Step;
use square_kernel::Clock;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the letter worker rests when there is nothing to do or the database is away.
const LETTER_PAUSE: Duration = Duration::from_millis(500);
/// How often ended sessions and changed rights are read also without a word of a change.
const ACCESS_PAUSE: Duration = Duration::from_secs(10);
/// How long training rests when there is nothing to do or the database is away.
const TRAINING_PAUSE: Duration = Duration::from_secs(2);
/// How often what is not needed any more is deleted.
const FORGET_PAUSE: Duration = Duration::from_mins(10);
/// How long changes are kept, for receivers and for people who look.
const CHANGES_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);
/// How many changes are deleted at once.
const CHANGES_AT_ONCE: u32 = 500;

/// Starts every task; they end when `stop` is cancelled, each after the step it is at.
pub(crate) fn start(
    square: &Arc<Square>,
    follower: square_changes::Follower,
    health_interval: Duration,
    stop: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    let spawn = |task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        tasks.spawn(task);
    };
    spawn(Box::pin(membership::run(Arc::clone(square), stop.clone())));
    spawn(Box::pin(following::run(Arc::clone(square), follower, stop.clone())));
    for receiver in &square.receivers {
        spawn(Box::pin(relaying::run(Arc::clone(square), Arc::clone(receiver), stop.clone())));
    }
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

/// Rests until `hint` or for `pause`; `false` when it is time to stop.
async fn rest_until(hint: impl Future<Output = ()>, pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = hint => true,
        () = tokio::time::sleep(pause) => true,
    }
}

/// Whether `duty` is this instance's; not while the database is away.
async fn mine(square: &Square, duty: &str) -> bool {
    square.duties.mine(duty).await.unwrap_or_else(|error| {
        tracing::warn!(duty, cause = error.chain(), "nobody knows whose duty it is");
        false
    })
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
        if !mine(&square, "forget").await {
            continue;
        }
        if let Err(error) = square.accounts.forget_sessions().await {
            tracing::error!(cause = error.chain(), "expired sessions cannot be deleted");
        }
        if let Err(error) = square.letters.forget_sent().await {
            tracing::error!(cause = error.chain(), "letters sent long ago cannot be deleted");
        }
        if let Err(error) = forget_changes(&square, &stop).await {
            tracing::error!(cause = error.chain(), "old changes cannot be deleted");
        }
    }
}

async fn forget_changes(square: &Square, stop: &CancellationToken) -> Result<(), square_kernel::Unavailable> {
    let before = square.clock.now() - CHANGES_KEPT;
    while square.changes().forget(before, CHANGES_AT_ONCE).await? == CHANGES_AT_ONCE && !stop.is_cancelled() {
    }
    Ok(())
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

/// One instance works off trainings, the others follow with what they lead to. A training that is cut off here is
/// taken up by the next one whose duty it is.
async fn trainings(square: Arc<Square>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = train(&square, &stop) => {}
    }
}

async fn train(square: &Square, stop: &CancellationToken) {
    loop {
        let worked = match mine(square, "trainings").await {
            true => square.skills.train_next().await.map(|training| training.is_some()),
            false => square.skills.settle().await.map(|()| false),
        };
        match worked {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(cause = error.chain(), "training waits for the database"),
        }
        if !rest_until(square.skills.work_waits(), TRAINING_PAUSE, stop).await {
            return;
        }
    }
}
