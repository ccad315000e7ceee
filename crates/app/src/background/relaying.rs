//! Brings changes to a receiver outside, from whichever instance has that duty.

use super::{mine, rest, rest_until};
use crate::assembly::Square;
use square_changes::ports::Receiver;
use square_changes::{Relay, Step};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to rest when there is nothing to deliver, the database is away, or it is another one's duty.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(square: Arc<Square>, receiver: Arc<dyn Receiver>, stop: CancellationToken) {
    let duty = format!("relay {}", receiver.name());
    let mut relay = Relay::new(square.stores.clone(), square.stores.clone(), receiver, square.clock.clone());
    let mut failing = false;
    while !stop.is_cancelled() {
        let going_on = if mine(&square, &duty).await {
            let step = relay.step().await;
            failing = match &step {
                Err(error) if !failing => {
                    tracing::error!(
                        receiver = relay.name(),
                        cause = error.chain(),
                        "changes cannot be relayed"
                    );
                    true
                }
                step => step.is_err(),
            };
            match step {
                Ok(Step::Progress) => true,
                Ok(Step::Idle) => rest_until(relay.hint(), PAUSE, &stop).await,
                Ok(Step::Wait(wait)) => rest(wait, &stop).await,
                Err(_) => rest(PAUSE, &stop).await,
            }
        } else {
            rest(PAUSE, &stop).await
        };
        if !going_on {
            return;
        }
    }
}
