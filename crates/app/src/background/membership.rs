//! This instance among the others on the same database.

use super::rest;
use super::trouble::Trouble;
use crate::assembly::Square;
use square_cluster::Membership;
use square_kernel::Unavailable;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The clock is set with every so manieth step.
const EVERY: u32 = 10;

/// Counts and watches the others. Nothing else happens in between: an instance that counts too slowly is taken for dead.
pub(super) async fn run(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("this instance cannot be seen by others");
    let mut membership = Membership::new(square.stores.clone(), square.instance);
    for step in 1_u32.. {
        if !rest(Membership::PAUSE, &stop).await {
            break;
        }
        trouble.without(once(&square, &mut membership, step % EVERY == 0).await);
    }
    if let Err(error) = membership.leave().await {
        tracing::warn!(cause = error.chain(), "others will take this instance for dead");
    }
}

async fn once(square: &Square, membership: &mut Membership, set_clock: bool) -> Result<(), Unavailable> {
    for instance in membership.step().await? {
        tracing::warn!(%instance, "an instance has died");
        square.death.notify_one();
    }
    if set_clock {
        square.clock.set(&square.database).await?;
    }
    Ok(())
}
