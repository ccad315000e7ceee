use crate::account::Account;
use crate::ports::{Rotation, SessionRecord};
use crate::service::{Accounts, later};
use crate::session_tokens::{RefreshToken, SignedIn};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Secret, Unavailable};

/// For so long a spent refresh token counts as a retry of a request whose answer was lost.
const RETRY_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not ours, or spent, or its session is over.
    #[error("the refresh token is not good, or not any more")]
    Rejected,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Spends a refresh token for the session's next pair.
    ///
    /// The same token again within 10 s is a retry and gives that same pair; later it is a stolen copy, of
    /// which nobody can tell who holds it, and ends the session (RFC 9700, section 4.14.2).
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<SignedIn, RefreshError> {
        let token =
            RefreshToken::read(refresh_token, &*self.parts.keyed_hash).ok_or(RefreshError::Rejected)?;
        let now = self.now();
        let expires_at = later(now, self.parts.policy.session_lifetime);
        let rotation = self.parts.sessions.rotate(token.session, token.generation, now, expires_at).await?;
        let record = match rotation {
            Rotation::Rotated(record) => record,
            Rotation::Stale(record) if is_retry(&record, token.generation, now) => record,
            Rotation::Stale(record) => {
                self.end_if_reused(&record, token.generation, now).await?;
                return Err(RefreshError::Rejected);
            }
            Rotation::Unknown => return Err(RefreshError::Rejected),
        };
        let account = self.parts.store.by_id(record.user).await?.filter(Account::is_active);
        Ok(self.issue(account.ok_or(RefreshError::Rejected)?, &record)?)
    }

    /// Ends a session one of whose earlier refresh tokens came back.
    async fn end_if_reused(
        &self,
        record: &SessionRecord,
        generation: u32,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        if generation >= record.generation || record.ended_at.is_some() {
            return Ok(());
        }
        tracing::warn!(user = %record.user, session = %record.id, "a spent refresh token came back: session ended");
        self.end_session(record.id, now).await
    }
}

/// Whether `generation` was spent just now. Measured both ways, so that a clock set back does not make a
/// stolen token a retry for hours.
fn is_retry(record: &SessionRecord, generation: u32, now: Timestamp) -> bool {
    generation.checked_add(1) == Some(record.generation)
        && record.ended_at.is_none()
        && now < record.expires_at
        && now.duration_since(record.rotated_at).abs() <= RETRY_WINDOW
}
