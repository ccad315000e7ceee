//! The router learns the names in the data of the built-in services: when rows have changed, their example questions are made anew and,
//! where they are others than before, trained.

use super::trouble::Trouble;
use super::{TRAININGS, rest};
use crate::assembly::Square;
use crate::builtins::Builtin;
use square_kernel::Unavailable;
use square_skills::BuiltinName;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often to see whether what has changed has come to rest. Reads nothing but memory.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the data is looked at also without word of a change: what was entered while no server ran, or what an instance that died had
/// heard of, and days that are past now.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

pub(super) async fn run(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("the names in the data of built-in skills cannot be learnt");
    let mut looked: Option<Instant> = None;
    while rest(PAUSE, &stop).await {
        let now = Instant::now();
        if looked.is_none_or(|looked| now.duration_since(looked) >= LOOK_AGAIN) {
            looked = Some(now);
            square.builtins.all_changed(now);
        }
        trouble.without(once(&square, now).await);
    }
}

/// Has what has come to rest by `now` learnt. One instance does; that the others have heard of the change too is no harm, since what is the
/// same as before is not trained.
pub(super) async fn once(square: &Square, now: Instant) -> Result<(), Unavailable> {
    let mut failed = Ok(());
    for builtin in square.builtins.due(now) {
        if let Err(error) = learn(square, &*builtin).await {
            square.builtins.note(&*builtin, now);
            failed = Err(error);
        }
    }
    failed
}

async fn learn(square: &Square, builtin: &dyn Builtin) -> Result<(), Unavailable> {
    if !square.duties.mine(TRAININGS).await? {
        return Ok(());
    }
    let examples = builtin.example_questions().await?;
    let name = BuiltinName::new(builtin.name());
    for skill in square.proposals.train_builtin_anew(&name, &examples).await? {
        tracing::info!(%skill, builtin = builtin.name(), "the data has changed; the skill is trained again");
    }
    Ok(())
}

#[cfg(test)]
#[path = "learning_tests.rs"]
mod tests;
