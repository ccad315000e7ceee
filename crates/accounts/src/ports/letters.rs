use crate::letter::{ClaimedLetter, Letter, LetterId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

/// The queue of stored letters, as the one who sends them sees it.
#[async_trait]
pub trait LetterQueue: Send + Sync {
    /// Takes the oldest letter that is due at `now` and hides it from others until `lease_until`. Of any
    /// number of concurrent calls, each letter MUST go to one only. Every claim counts as an attempt, also one
    /// whose outcome was never noted, so that a letter which kills its process is given up in the end.
    async fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedLetter>, Unavailable>;

    /// Notes that it was sent, and forgets its content. Whatever else is noted of it later MUST change nothing:
    /// who sends takes longer than the lease at times, and another one has sent it by then.
    async fn sent(&self, id: LetterId, at: Timestamp) -> Result<(), Unavailable>;

    /// Notes a failed attempt; the letter is due again at `retry_at`.
    async fn retry(&self, id: LetterId, retry_at: Timestamp, reason: &str) -> Result<(), Unavailable>;

    /// Gives up on it: it stays stored, set aside, until somebody looks. [`Self::retry`] MUST NOT bring it back.
    async fn set_aside(&self, id: LetterId, at: Timestamp, reason: &str) -> Result<(), Unavailable>;

    /// Deletes letters that were sent before `before`, `at_most` of them, and tells how many.
    async fn forget_sent(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

/// Why a letter did not leave; the text is for the operator and holds no content of the letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Trying again later may help.
    #[error("{0}")]
    Temporary(String),
    /// Trying again will not help: the address or the letter is refused for good.
    #[error("{0}")]
    Permanent(String),
}

/// Carries letters.
#[async_trait]
pub trait Postman: Send + Sync {
    /// Hands the letter over to whoever delivers it.
    async fn send(&self, id: LetterId, letter: &Letter) -> Result<(), PostError>;
}
