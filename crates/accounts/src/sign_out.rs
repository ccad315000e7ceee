use crate::service::Accounts;
use jiff::Timestamp;
use square_kernel::{Identity, SessionId, Unavailable};

impl Accounts {
    /// Ends the session in which `who` signed in; its tokens are refused from the next request on.
    pub async fn sign_out(&self, who: &Identity) -> Result<(), Unavailable> {
        self.end_session(who.session, self.now()).await
    }

    /// Ends a session: in the store first, so that what is refused here stays refused after a restart.
    pub(crate) async fn end_session(&self, session: SessionId, at: Timestamp) -> Result<(), Unavailable> {
        self.parts.sessions.end(session, at).await?;
        self.revocations.note(session, at);
        Ok(())
    }
}
