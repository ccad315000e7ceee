use super::Consequences;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SessionId, Unavailable, UserId};

/// A signed-in session as it is stored. Its tokens are not: they are derived from `id` and `generation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its identifier.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How often its refresh token was rotated; the current refresh token belongs to this number.
    pub generation: u32,
    /// When the current generation began.
    pub rotated_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// From this moment on it cannot be refreshed.
    pub expires_at: Timestamp,
    /// Where it has an end that no refreshing moves: `expires_at` never lies behind it.
    pub ends_at: Option<Timestamp>,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// Whether the second factor was given when it was opened.
    pub second_factor: bool,
    /// The address it was opened from, where known.
    pub address: Option<String>,
    /// The user agent it was opened with, where known; at most 200 characters.
    pub agent: Option<String>,
}

/// What became of rotating a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The session is at the next generation now, as given.
    Rotated(SessionRecord),
    /// Nothing changed: it is at another generation than the caller's, has ended or has expired.
    Stale(SessionRecord),
    /// There is no such session.
    Unknown,
}

/// Keeps sessions. Each method is one transaction.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new session with `consequences`; `false`, and nothing stored, when its account is gone or suspended or asks
    /// for a second factor that was not given, or when [`Account::credentials`](crate::Account::credentials) is not `credentials`, the
    /// number that was read before whoever signs in was asked for anything. Beside a change that counts it up, a session MUST be refused
    /// or end with the others.
    async fn open(
        &self,
        session: &SessionRecord,
        credentials: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// One session, live or not.
    async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable>;

    /// Moves a session that is at generation `from`, has not ended and not expired at `at`, to `from + 1`,
    /// setting `rotated_at` to `at` and `expires_at` as given, or to its `ends_at` where that comes before. Of any number of calls with one `from` exactly
    /// one MUST get `Rotated`.
    async fn rotate(
        &self,
        session: SessionId,
        from: u32,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, Unavailable>;

    /// Ends a session; `false`, and nothing stored, when it had ended or does not exist.
    async fn end(
        &self,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Sessions that ended at or after `since`, with the moment of their end.
    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable>;

    /// Deletes sessions that expired before `before`, ended or not, `at_most` of them, and tells how many.
    async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}
