//! Keeps what this instance has in memory in step with what any instance changed, and tells the clients who asked.

use super::trouble::Trouble;
use super::{rest, rest_until};
use crate::assembly::Square;
use square_changes::{Change, Channel, Follower, News};
use square_kernel::{SkillId, Unavailable};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long to rest where the database does not say by itself that there is something new. One small read.
const PAUSE: Duration = Duration::from_millis(200);

/// What follows from changes and is not done yet. Kept when the database fails, and done when it is back.
#[derive(Default)]
pub(super) struct Due {
    everything: bool,
    access: bool,
    signing_keys: bool,
    skills: BTreeSet<SkillId>,
}

/// Follows on with `follower`; without one, begins anew with everything.
pub(super) async fn run(square: Arc<Square>, follower: Option<Follower>, stop: CancellationToken) {
    let mut due = Due { everything: follower.is_none(), ..Due::default() };
    let mut trouble = Trouble::new("what other instances change cannot be followed");
    let mut follower = match follower {
        Some(follower) => follower,
        None => loop {
            if let Some(made) = trouble.without(Follower::new(square.stores.clone()).await) {
                break made;
            }
            if !rest(PAUSE, &stop).await {
                return;
            }
        },
    };
    loop {
        let more = trouble.without(once(&square, &mut follower, &mut due).await).unwrap_or(false);
        if !more && !rest_until(follower.hint(), PAUSE, &stop).await || stop.is_cancelled() {
            return;
        }
    }
}

/// Takes up what is new; whether there may be more.
pub(super) async fn once(
    square: &Square,
    follower: &mut Follower,
    due: &mut Due,
) -> Result<bool, Unavailable> {
    let changes = match follower.next().await? {
        News::None => Vec::new(),
        News::AllNew => {
            tracing::warn!("the database was put back to an earlier state: everything is read anew");
            due.everything = true;
            Vec::new()
        }
        News::Changes(changes) => changes,
    };
    for change in &changes {
        note(square, change, due);
    }
    let acted = act(square, due).await;
    // After this instance knows itself: a client may ask at once for what it hears of. It hears of it in any case.
    for change in &changes {
        square.subscribers.publish(change);
    }
    acted.map(|()| !changes.is_empty())
}

fn note(square: &Square, change: &Change, due: &mut Due) {
    square.builtins.changed(change.channel, Instant::now());
    match change.channel {
        Channel::Session | Channel::Person | Channel::Role => due.access = true,
        Channel::SigningKey => due.signing_keys = true,
        Channel::Skill => {
            due.skills.insert(change.entity.into());
        }
        Channel::Training => {
            due.skills.insert(change.entity.into());
            square.skills.training_waits();
        }
        Channel::Question => {
            square.router.cancel_here(change.entity.into());
        }
        _ => {}
    }
}

/// Each thing is struck off the list once it is done. A skill that cannot be read holds up no other.
async fn act(square: &Square, due: &mut Due) -> Result<(), Unavailable> {
    if due.everything {
        square.accounts.load().await?;
        square.skills.load().await?;
        *due = Due { signing_keys: true, ..Due::default() };
    }
    if due.access {
        square.accounts.load().await?;
        due.access = false;
    }
    let mut failed = Ok(());
    if due.signing_keys {
        // Before a new one signs here or elsewhere. What cannot be read holds up nothing else.
        failed = square.load_signing_keys().await;
        due.signing_keys = failed.is_err();
    }
    for skill in std::mem::take(&mut due.skills) {
        if let Err(error) = square.skills.catch_up(skill).await {
            due.skills.insert(skill);
            failed = Err(error);
        }
    }
    failed
}
