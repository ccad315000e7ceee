use crate::audit::{Actor, AuditAction};
use crate::ports::Consequences;
use crate::service::Accounts;
use crate::session_tokens::Device;
use jiff::Timestamp;
use square_kernel::{Identity, SessionId, Unavailable};
use std::sync::Arc;
use tracing::Instrument;

impl Accounts {
    /// Ends the session in which `who` signed in; its tokens are refused from the next request on.
    pub async fn sign_out(&self, who: &Identity, device: &Device) -> Result<(), Unavailable> {
        let noted = self.noted(AuditAction::SignedOut, Actor::user(who.user, device), who.user);
        self.end_session(who.session, self.now(), noted).await
    }

    /// Ends a session: in the store first, so that what is refused here stays refused after a restart.
    pub(crate) async fn end_session(
        &self,
        session: SessionId,
        at: Timestamp,
        noted: Consequences,
    ) -> Result<(), Unavailable> {
        let (sessions, revocations) = (Arc::clone(&self.parts.sessions), Arc::clone(&self.revocations));
        let ending = async move {
            sessions.end(session, at, &noted).await?;
            revocations.note(session, at);
            Ok(())
        };
        // As a task, since callers are dropped when their client goes away: who signs out and leaves at once is
        // signed out all the same, and the two steps stay together.
        let ended = tokio::spawn(ending.in_current_span()).await;
        ended.unwrap_or_else(|panic| Err(Unavailable::new(panic)))
    }
}

#[cfg(test)]
mod tests {
    use crate::ports::{Consequences, Rotation, SessionRecord, SessionStore, TokenRejected};
    use crate::session_tokens::{Device, SignedIn};
    use crate::testing::watched::{MockCalls, watched};
    use crate::testing::{MemoryAccounts, TestAccounts};
    use async_trait::async_trait;
    use jiff::Timestamp;
    use square_kernel::{Identity, SessionId, Unavailable};
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Poll;

    impl TestAccounts {
        fn who(&self, signed_in: &SignedIn) -> Result<Identity, TokenRejected> {
            let asker = self.accounts.authenticate(signed_in.tokens.access.expose())?;
            Ok(asker.identity.expect("signed in"))
        }

        async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), Unavailable> {
            self.accounts.sign_out(&self.who(signed_in).expect("signed in"), &crate::Device::default()).await
        }
    }

    #[tokio::test]
    async fn the_very_next_request_is_refused_and_other_sessions_go_on() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let (here, there) = (test.sign_in("ada").await, test.sign_in("ada").await);
        test.sign_out(&here).await.unwrap();
        assert_eq!(test.who(&here), Err(TokenRejected::Expired));
        assert!(test.accounts.refresh(&here.tokens.refresh, &Device::default()).await.is_err());
        assert!(test.who(&there).is_ok());
        assert!(test.accounts.refresh(&there.tokens.refresh, &Device::default()).await.is_ok());
    }

    #[tokio::test]
    async fn it_holds_after_a_restart_and_on_other_instances() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let (first, second) = (test.sign_in("ada").await, test.sign_in("ada").await);
        test.sign_out(&first).await.unwrap();
        let other = test.restarted();
        assert!(other.who(&first).is_ok(), "nothing is known before loading");
        other.accounts.load().await.unwrap();
        assert_eq!(other.who(&first), Err(TokenRejected::Expired));

        test.sign_out(&second).await.unwrap();
        assert!(other.who(&second).is_ok());
        other.accounts.load().await.unwrap();
        assert_eq!(other.who(&second), Err(TokenRejected::Expired));
    }

    #[tokio::test]
    async fn where_it_cannot_be_stored_it_has_not_happened() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        let mut calls = MockCalls::new();
        calls.fail("end");
        let test = watched(&test, calls);
        assert!(test.sign_out(&signed_in).await.is_err());
        assert!(test.who(&signed_in).is_ok());
    }

    /// Takes a moment to end a session.
    struct Slow(Arc<MemoryAccounts>);

    #[async_trait]
    impl SessionStore for Slow {
        async fn open(
            &self,
            session: &SessionRecord,
            credentials: u32,
            consequences: &Consequences,
        ) -> Result<bool, Unavailable> {
            self.0.open(session, credentials, consequences).await
        }

        async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable> {
            self.0.session(session).await
        }

        async fn rotate(
            &self,
            session: SessionId,
            from: u32,
            at: Timestamp,
            expires_at: Timestamp,
        ) -> Result<Rotation, Unavailable> {
            self.0.rotate(session, from, at, expires_at).await
        }

        async fn end(
            &self,
            session: SessionId,
            at: Timestamp,
            consequences: &Consequences,
        ) -> Result<bool, Unavailable> {
            tokio::task::yield_now().await;
            self.0.end(session, at, consequences).await
        }

        async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable> {
            self.0.ended_since(since).await
        }

        async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
            self.0.forget_expired(before, at_most).await
        }
    }

    #[tokio::test]
    async fn who_goes_away_at_once_is_signed_out_all_the_same() {
        let store = Arc::new(MemoryAccounts::default());
        let test = TestAccounts::with(|parts| {
            parts.store = store.clone();
            parts.credentials = store.clone();
            parts.sessions = Arc::new(Slow(store.clone()));
        });
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        {
            let mut signing_out = pin!(test.sign_out(&signed_in));
            poll_fn(|context| {
                assert!(signing_out.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(test.who(&signed_in), Err(TokenRejected::Expired));
        assert_eq!(store.ended_since(Timestamp::MIN).await.unwrap().len(), 1);
    }
}
