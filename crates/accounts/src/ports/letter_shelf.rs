use crate::letter::LetterId;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

/// A letter that was given up. Its content is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelvedLetter {
    /// Its identifier.
    pub id: LetterId,
    /// What it is about, by the name of [`Occasion`](crate::Occasion).
    pub occasion: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was caused.
    pub caused_at: Timestamp,
    /// When it was given up.
    pub set_aside_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What is in the queue of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// How many letters are to be sent, those that failed before among them.
    pub waiting: u64,
    /// When the oldest of these was caused.
    pub oldest: Option<Timestamp>,
    /// How many were given up.
    pub set_aside: u64,
}

/// The queue of stored letters, as the operator sees it. Each method is one transaction.
#[async_trait]
pub trait LetterShelf: Send + Sync {
    /// How much there is.
    async fn backlog(&self) -> Result<Backlog, Unavailable>;

    /// At most `at_most` letters that were given up, those first that were so longest.
    async fn shelved(&self, at_most: u32) -> Result<Vec<ShelvedLetter>, Unavailable>;

    /// Has one letter that was given up, or all of them, sent again from `at` on, with all attempts ahead of it; tells how many it are. Letters
    /// that are waiting or sent MUST stay as they are.
    async fn replay_letters(&self, which: Option<LetterId>, at: Timestamp) -> Result<u32, Unavailable>;

    /// Deletes one letter that was given up, or all of them; tells how many it were.
    async fn discard_letters(&self, which: Option<LetterId>) -> Result<u32, Unavailable>;
}
