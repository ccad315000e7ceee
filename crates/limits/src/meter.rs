use crate::ports::{Pool, Used};
use crate::quota::later;
use crate::{Charge, LimitKey, Quota, TooMany};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Clock, Unavailable};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Budgets in memory, spent without waiting.
///
/// Of any number of calls at one moment no more pass at this instance than a budget holds. What others let pass counts here from
/// the next [`Meter::exchange`] on, and the other way round, so together they let pass at most what each of them would let pass
/// by itself between two exchanges; and what was too much is paid back before anybody passes again, up to as much as the budget
/// holds ([`Quota::owe`]).
pub struct Meter {
    clock: Arc<dyn Clock>,
    budgets: Mutex<HashMap<LimitKey, Budget>>,
    /// Up to where this instance was told; held during an exchange.
    told: tokio::sync::Mutex<u64>,
}

/// One that is not full, as far as it is known here.
struct Budget {
    full_at: Timestamp,
    /// When it would be full as far as the others know.
    told: Timestamp,
    /// How large it is; not known where only others have spent from it.
    quota: Option<Quota>,
}

impl Budget {
    fn full(at: Timestamp) -> Self {
        Self { full_at: at, told: at, quota: None }
    }

    /// By how much longer it takes to be full than the others know; nothing where all of that has come back meanwhile.
    fn untold(&self, now: Timestamp) -> SignedDuration {
        self.full_at.duration_since(self.told.max(now)).max(SignedDuration::ZERO)
    }
}

impl Meter {
    /// All budgets are full.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, budgets: Mutex::default(), told: tokio::sync::Mutex::default() }
    }

    /// Takes one unit out of each budget, or nothing out of any. The budgets differ from one another.
    pub fn spend(&self, charges: &[Charge]) -> Result<(), TooMany> {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        let spent = |charge: &Charge| {
            let full_at = budgets.get(&charge.key).map_or(now, |budget| budget.full_at);
            charge.quota.spend_after_debts(full_at, now)
        };
        let spent: Vec<_> = charges.iter().map(spent).collect();
        if let Some(retry_after) = spent.iter().filter_map(|spent| spent.err()).max() {
            return Err(TooMany { retry_after });
        }
        for (charge, full_at) in charges.iter().zip(spent.into_iter().flatten()) {
            let budget = budgets.entry(charge.key).or_insert_with(|| Budget::full(now));
            (budget.full_at, budget.quota) = (full_at, Some(charge.quota));
        }
        Ok(())
    }

    /// Whether there is a unit left in each budget. Somebody else may take it.
    pub fn have_left(&self, charges: &[Charge]) -> bool {
        let now = self.clock.now();
        let budgets = self.budgets();
        charges.iter().all(|charge| {
            let full_at = budgets.get(&charge.key).map_or(now, |budget| budget.full_at);
            charge.quota.spend_after_debts(full_at, now).is_ok()
        })
    }

    /// Tells the others what was spent here since the last time, and takes over what they told. Where it fails nothing is
    /// forgotten but what has come back by itself.
    pub async fn exchange(&self, pool: &dyn Pool) -> Result<(), Unavailable> {
        let mut number = self.told.lock().await;
        self.forget_full();
        let now = self.clock.now();
        let (used, known): (Vec<_>, Vec<_>) = self.untold(now).into_iter().unzip();
        let heard = pool.exchange(&used, *number, now).await?;
        let told = used.iter().map(|used| used.key).zip(known);
        self.take_over(told, &heard.budgets);
        *number = heard.number;
        Ok(())
    }

    /// Forgets budgets that are full: for an instance that is alone, and exchanges nothing.
    pub fn forget_full(&self) {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        budgets.retain(|_, budget| budget.full_at > now);
        // After a rush of askers the room that they took is given back.
        if budgets.capacity() > 4 * budgets.len().max(1024) {
            budgets.shrink_to_fit();
        }
    }

    /// What the others do not know, each with when the budget is full as far as it is known here.
    fn untold(&self, now: Timestamp) -> Vec<(Used, Timestamp)> {
        let budgets = self.budgets();
        let used = |(key, budget): (&LimitKey, &Budget)| {
            let debt = budget.untold(now);
            let used = Used { key: *key, quota: budget.quota?, debt };
            (debt > SignedDuration::ZERO).then_some((used, budget.full_at))
        };
        budgets.iter().filter_map(used).collect()
    }

    /// What was told is known now; what was spent while it was being told is not, and comes on top of what is heard.
    fn take_over(&self, told: impl Iterator<Item = (LimitKey, Timestamp)>, heard: &[(LimitKey, Timestamp)]) {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        for (key, full_at) in told {
            if let Some(budget) = budgets.get_mut(&key) {
                budget.told = budget.told.max(full_at);
            }
        }
        for (key, full_at) in heard {
            let budget = budgets.entry(*key).or_insert_with(|| Budget::full(*full_at));
            budget.full_at = budget.full_at.max(later(*full_at, budget.untold(now)));
            budget.told = budget.told.max(*full_at);
        }
    }

    fn budgets(&self) -> MutexGuard<'_, HashMap<LimitKey, Budget>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
