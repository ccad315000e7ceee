//! This instance among the others on the same database.

use super::rest;
use super::trouble::Trouble;
use crate::assembly::Square;
use square_cluster::Membership;
use square_kernel::Unavailable;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The clock is set, and what dead instances left open is looked for, with every so manieth step.
const EVERY: u32 = 10;

/// Counts, watches the others, and ends the questions that those who died left open.
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

async fn once(square: &Square, membership: &mut Membership, thorough: bool) -> Result<(), Unavailable> {
    let dead = membership.step().await?;
    for instance in &dead {
        tracing::warn!(%instance, "an instance has died");
    }
    if thorough {
        square.clock.set(&square.database).await?;
    }
    // Also without a death: who saw it may have died before it could act on it.
    if thorough || !dead.is_empty() {
        square.close_interrupted().await?;
    }
    Ok(())
}
