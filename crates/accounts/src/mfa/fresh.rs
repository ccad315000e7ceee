use crate::service::Accounts;
use jiff::SignedDuration;
use square_kernel::{Identity, Unavailable};

/// For so long after signing in somebody may do what a stolen session must not.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

impl Accounts {
    /// Whether the session that `who` calls in was opened by a sign-in of the last ten minutes. Refreshing it does not make it
    /// younger.
    pub(crate) async fn signed_in_lately(&self, who: &Identity) -> Result<bool, Unavailable> {
        let session = self.parts.sessions.session(who.session).await?;
        let now = self.now();
        // Measured both ways, so that a clock set back does not keep a session young for hours.
        Ok(session.is_some_and(|session| {
            session.user == who.user
                && session.ended_at.is_none()
                && now.duration_since(session.created_at).abs() <= FRESH
        }))
    }
}
