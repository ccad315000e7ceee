use async_trait::async_trait;
use square_changes::Change;
use square_changes::ports::{Outcome, Refusal};

/// Carries several changes to a receiver at once.
#[async_trait]
pub(crate) trait Carrier: Sync {
    /// Hands `changes` over in their order. [`Refusal::Permanent`] means that one of those which were not delivered
    /// is at fault, not necessarily the first.
    async fn carry(&self, changes: &[Change]) -> Outcome;
}

/// Hands `changes` over at once, and where one of them is refused for good, one by one from there on: then it is known
/// which one it is, and those before it are delivered.
pub(crate) async fn hand_over(carrier: &dyn Carrier, changes: &[Change]) -> Outcome {
    if changes.is_empty() {
        return Outcome { delivered: 0, refusal: None };
    }
    let together = carrier.carry(changes).await;
    if changes.len() == 1 || !matches!(together.refusal, Some(Refusal::Permanent(_))) {
        return together;
    }
    for (delivered, change) in changes.iter().enumerate().skip(together.delivered) {
        let alone = carrier.carry(std::slice::from_ref(change)).await;
        if alone.refusal.is_some() {
            return Outcome { delivered, refusal: alone.refusal };
        }
    }
    Outcome { delivered: changes.len(), refusal: None }
}
