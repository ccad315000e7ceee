use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use square_kernel::Unavailable;

/// Names one budget: a keyed hash of what is counted and for whom, so that stores hold no names and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(pub [u8; 32]);

/// The size of a budget and how fast what was spent comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How much can be spent at once where nothing was spent before; at least 1.
    pub burst: u32,
    /// After how long one unit comes back.
    pub refill: SignedDuration,
}

/// One unit to be taken out of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Which budget.
    pub key: LimitKey,
    /// How large it is.
    pub quota: Quota,
}

/// What became of spending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Every budget gave its unit.
    All,
    /// One of them has none left, and none was charged.
    Refused {
        /// After how long all of them have one again, if nobody else takes it.
        retry_after: SignedDuration,
    },
}

/// Keeps budgets, for all instances together. Each method is one transaction.
///
/// Of a budget one moment is kept, the one at which it will be full again: [`Quota::spend`] says how that is reckoned. A
/// budget that nobody has heard of is full.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one unit out of each budget, or nothing out of any. Of any number of calls at one moment no more MUST get
    /// [`Spent::All`] than the budget holds. The budgets differ from one another.
    async fn spend(&self, charges: &[Charge], now: Timestamp) -> Result<Spent, Unavailable>;

    /// Puts one unit back into each budget, none of which becomes more than full.
    async fn give_back(&self, charges: &[Charge], now: Timestamp) -> Result<(), Unavailable>;

    /// Deletes what is known of budgets that are full again at `now`, `at_most` of them, and tells how many.
    async fn forget_full(&self, now: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}
