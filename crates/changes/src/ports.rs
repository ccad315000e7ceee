//! What this crate needs from outside.

use crate::change::Change;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

/// The changes as they were stored by the stores of the domain crates.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// The number of the newest change, which MUST be visible; 0 when there never was one.
    async fn head(&self) -> Result<u64, Unavailable>;

    /// Up to `at_most` changes with numbers above `number`, in order. When one is given, all with smaller numbers
    /// MUST be visible too, or forgotten: none may turn up later.
    async fn after(&self, number: u64, at_most: u32) -> Result<Vec<Change>, Unavailable>;

    /// Returns when there may be something new. It MAY never return where nobody can tell, and MAY miss what came
    /// just before it was called, so callers look again after a while all the same.
    async fn hint(&self);

    /// Deletes changes that happened before `before`, that no receiver still waits for and that are not set aside:
    /// `at_most` of them, the smallest numbers first. Tells how many. The newest change MUST stay, and no number is used
    /// again.
    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

/// A change that a receiver refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Who refused it.
    pub receiver: String,
    /// What was refused.
    pub change: Change,
    /// Why, for the operator.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How far each receiver is. One instance works for a receiver at a time; should two believe they are the
/// one, nothing is lost and messages are repeated at worst.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// The number of the last change that was delivered to `receiver`. A receiver that was never seen before
    /// MUST be stored, and begins behind the newest change: at one place, however many ask at once.
    async fn position(&self, receiver: &str) -> Result<u64, Unavailable>;

    /// Notes that everything from behind `from` up to number `to` was delivered. `false`, and nothing noted, when
    /// the position is not `from` any more: somebody else is at work. Of any number of calls with the same `from` one
    /// MUST get `true`.
    async fn advance(&self, receiver: &str, from: u64, to: u64) -> Result<bool, Unavailable>;

    /// Like [`DeliveryStore::advance`] up to the number of `refused`, which is set aside for `reason` in the same
    /// transaction.
    async fn set_aside(
        &self,
        receiver: &str,
        from: u64,
        refused: &Change,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, Unavailable>;

    /// Up to `at_most` of what is set aside and not asked for again, of all receivers, smallest numbers first.
    async fn all_set_aside(&self, at_most: u32) -> Result<Vec<SetAside>, Unavailable>;

    /// Has what `receiver` refused and is not asked for yet delivered again soon; tells how much that is.
    async fn replay(&self, receiver: &str) -> Result<u32, Unavailable>;

    /// Up to `at_most` changes that are to be delivered to `receiver` again, in order.
    async fn to_replay(&self, receiver: &str, at_most: u32) -> Result<Vec<Change>, Unavailable>;

    /// Notes that a change was delivered again: it is not set aside any more. Nothing happens when it was not.
    async fn replayed(&self, receiver: &str, number: u64) -> Result<(), Unavailable>;

    /// Notes that a change was refused again, for `reason`; it stays set aside and is not delivered until it
    /// is asked for anew. Nothing happens when it was not set aside.
    async fn refused_again(
        &self,
        receiver: &str,
        number: u64,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), Unavailable>;

    /// Keeps nothing more for a receiver: neither its position nor what it refused. `false` when it was not known.
    /// Should it be asked for again, it begins as one that was never seen.
    async fn retire(&self, receiver: &str) -> Result<bool, Unavailable>;
}

/// Why a receiver did not take a change; the text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is away, slow, overloaded or wrongly set up: the same change may be taken later.
    #[error("{0}")]
    Temporary(String),
    /// This very change will never be taken, others may be.
    #[error("{0}")]
    Permanent(String),
}

/// What became of handing over several changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The receiver has confirmed the first so many of them.
    pub delivered: usize,
    /// What came of the one after these; `None` when all were taken.
    pub refusal: Option<Refusal>,
}

/// Somebody outside who is told of public changes.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Its name in the database and in logs; never changes.
    fn name(&self) -> &str;

    /// How many changes it likes to get at once.
    fn batch(&self) -> u32;

    /// Hands changes over in their order; no two are of one entity. MUST count only what the receiver has confirmed, and MUST return within
    /// a time limit of its own. A change may come again.
    async fn deliver(&self, changes: &[Change]) -> Outcome;
}
