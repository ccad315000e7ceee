use crate::ports::{Limits, Pool, Told, Used};
use crate::{Charge, LimitKey, TooMany};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_kernel::testing::lock;
use std::collections::HashMap;
use std::sync::Mutex;

/// Keeps budgets in memory.
#[derive(Debug, Default)]
pub struct MemoryLimits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    full_at: HashMap<LimitKey, Timestamp>,
    /// By which exchange something was added last.
    noted: HashMap<LimitKey, u64>,
    number: u64,
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn spend(&self, charges: &[Charge], now: Timestamp) -> Result<Result<(), TooMany>, Unavailable> {
        let mut state = lock(&self.0);
        let full_at = |charge: &Charge| state.full_at.get(&charge.key).copied().unwrap_or(now);
        let spent: Vec<_> = charges.iter().map(|charge| charge.quota.spend(full_at(charge), now)).collect();
        if let Some(retry_after) = spent.iter().filter_map(|spent| spent.err()).max() {
            return Ok(Err(TooMany { retry_after }));
        }
        for (charge, full_at) in charges.iter().zip(spent.into_iter().flatten()) {
            state.full_at.insert(charge.key, full_at);
        }
        Ok(Ok(()))
    }

    async fn give_back(&self, charges: &[Charge], now: Timestamp) -> Result<(), Unavailable> {
        let mut state = lock(&self.0);
        for charge in charges {
            if let Some(full_at) = state.full_at.get_mut(&charge.key) {
                *full_at = charge.quota.give_back(*full_at, now);
            }
        }
        Ok(())
    }

    async fn forget_full(&self, now: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut forgotten = 0;
        lock(&self.0).full_at.retain(|_, full_at| {
            let kept = *full_at > now || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        });
        Ok(forgotten)
    }
}

#[async_trait]
impl Pool for MemoryLimits {
    async fn exchange(&self, used: &[Used], number: u64, now: Timestamp) -> Result<Told, Unavailable> {
        let mut state = lock(&self.0);
        state.number += u64::from(!used.is_empty());
        let this = state.number;
        for used in used {
            let full_at = state.full_at.get(&used.key).copied().unwrap_or(now);
            state.full_at.insert(used.key, used.quota.owe(full_at, now, used.debt));
            state.noted.insert(used.key, this);
        }
        let new = state.noted.iter().filter(|(_, noted)| **noted > number);
        let known = new.filter_map(|(key, _)| Some((*key, *state.full_at.get(key)?)));
        Ok(Told { budgets: known.filter(|(_, full_at)| *full_at > now).collect(), number: this })
    }
}
