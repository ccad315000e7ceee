use super::MemoryAccounts;
use crate::ports::{Charge, Limits, Spent};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

#[async_trait]
impl Limits for MemoryAccounts {
    async fn spend(&self, charges: &[Charge], now: Timestamp) -> Result<Spent, Unavailable> {
        let mut state = self.state();
        let full_at = |charge: &Charge| state.limits.get(&charge.key).copied().unwrap_or(now);
        let spent: Vec<_> = charges.iter().map(|charge| charge.quota.spend(full_at(charge), now)).collect();
        if let Some(retry_after) = spent.iter().filter_map(|spent| spent.err()).max() {
            return Ok(Spent::Refused { retry_after });
        }
        for (charge, full_at) in charges.iter().zip(spent.into_iter().flatten()) {
            state.limits.insert(charge.key, full_at);
        }
        Ok(Spent::All)
    }

    async fn give_back(&self, charges: &[Charge], now: Timestamp) -> Result<(), Unavailable> {
        let mut state = self.state();
        for charge in charges {
            if let Some(full_at) = state.limits.get_mut(&charge.key) {
                *full_at = charge.quota.give_back(*full_at, now);
            }
        }
        Ok(())
    }

    async fn forget_full(&self, now: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut forgotten = 0;
        self.state().limits.retain(|_, full_at| {
            let kept = *full_at > now || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        });
        Ok(forgotten)
    }
}
