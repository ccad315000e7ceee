use super::{Consequences, SessionRecord};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

/// The sessions of one account, as its owner sees them. Each method is one transaction.
#[async_trait]
pub trait SessionList: Send + Sync {
    /// Those that have neither ended nor expired at `at`, newest first, behind the one that `page` names.
    async fn live(
        &self,
        user: UserId,
        at: Timestamp,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable>;

    /// The newest ones, `at_most` of them, ended and expired ones included.
    async fn newest(&self, user: UserId, at_most: u32) -> Result<Vec<SessionRecord>, Unavailable>;

    /// Ends a session of `user` and stores `consequences`; `false`, and nothing stored, when it is somebody else's, unknown, expired at
    /// `at` or has ended before.
    async fn end_own(
        &self,
        user: UserId,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Ends all sessions of `user` but `kept` and gives those that had not ended before. `consequences` are stored where there is one.
    async fn end_others(
        &self,
        user: UserId,
        kept: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Vec<SessionId>, Unavailable>;
}
