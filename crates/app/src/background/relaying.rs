//! Brings changes to a receiver outside, from whichever instance has that duty.

use super::trouble::Trouble;
use super::{rest, rest_until};
use crate::assembly::Square;
use square_changes::ports::Receiver;
use square_changes::{Relay, Step};
use square_kernel::Unavailable;
use square_persistence::Stores;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to rest when there is nothing to deliver, the database is away, or it is another one's duty.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(square: Arc<Square>, receiver: Arc<dyn Receiver>, stop: CancellationToken) {
    let duty = format!("relay {}", receiver.name());
    // A clone of its own: of those who share one, only the first hears of a change.
    let stores = Arc::new(Stores::clone(&square.stores));
    let mut relay = Relay::new(stores.clone(), stores, receiver, square.clock.clone());
    let mut trouble = Trouble::new("changes cannot be relayed");
    while !stop.is_cancelled() {
        let going_on = match trouble.without(once(&square, &duty, &mut relay).await).flatten() {
            Some(Step::Progress) => true,
            Some(Step::Idle) => rest_until(relay.hint(), PAUSE, &stop).await,
            Some(Step::Wait(wait)) => rest(wait, &stop).await,
            None => rest(PAUSE, &stop).await,
        };
        if !going_on {
            return;
        }
    }
}

/// A step of the relay; `None` when that is another instance's duty.
async fn once(square: &Square, duty: &str, relay: &mut Relay) -> Result<Option<Step>, Unavailable> {
    if !square.duties.mine(duty).await? {
        return Ok(None);
    }
    relay.step().await.map(Some)
}
