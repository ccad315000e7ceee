//! What this crate needs from outside.

use crate::{Charge, LimitError, LimitKey, Quota, TooMany};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use square_kernel::Unavailable;

/// Keeps budgets, for all instances together. Each method is one transaction.
///
/// Of a budget one moment is kept, the one at which it will be full again: [`Quota::spend`] says how that is reckoned. A
/// budget that nobody has heard of is full.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one unit out of each budget, or nothing out of any where one has none left. Of any number of calls at one moment no more
    /// MUST succeed than the budget holds. The budgets differ from one another.
    async fn spend(&self, charges: &[Charge], now: Timestamp) -> Result<Result<(), TooMany>, Unavailable>;

    /// Puts one unit back into each budget, none of which becomes more than full.
    async fn give_back(&self, charges: &[Charge], now: Timestamp) -> Result<(), Unavailable>;

    /// Deletes what is known of budgets that are full again at `now`, `at_most` of them, and tells how many.
    async fn forget_full(&self, now: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

impl dyn Limits {
    /// Takes one unit out of each budget where there is one, or nothing out of any and an error.
    pub async fn spend_all(
        &self,
        charges: impl IntoIterator<Item = Option<Charge>> + Send,
        now: Timestamp,
    ) -> Result<(), LimitError> {
        let charges: Vec<Charge> = charges.into_iter().flatten().collect();
        if charges.is_empty() {
            return Ok(());
        }
        Ok(self.spend(&charges, now).await??)
    }
}

/// Units that an instance has let somebody spend by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// Out of which budget.
    pub key: LimitKey,
    /// How large it is.
    pub quota: Quota,
    /// By how much longer it takes to be full because of them: less than they are worth where something has come back since they
    /// were spent.
    pub debt: SignedDuration,
}

/// What the instances have told a [`Pool`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Budgets that are not full, each with the moment at which it will be.
    pub budgets: Vec<(LimitKey, Timestamp)>,
    /// Up to where it was told.
    pub number: u64,
}

/// Where instances tell each other what they let be spent. Each method is one transaction.
#[async_trait]
pub trait Pool: Send + Sync {
    /// Adds what was used here, as [`Quota::owe`] reckons it, whatever is left of a budget; and tells of every budget that is
    /// not full at `now` and to which something was added since `number`, by this call too. 0 is the beginning. MUST NOT leave
    /// out, for whoever asks on from the number that it gives, what another call adds at the same time. The budgets of `used`
    /// differ from one another.
    async fn exchange(&self, used: &[Used], number: u64, now: Timestamp) -> Result<Told, Unavailable>;
}
