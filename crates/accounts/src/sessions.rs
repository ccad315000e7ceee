use crate::audit::{Actor, AuditAction};
use crate::ports::SessionRecord;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Page, SessionId, Slice, Unavailable};
use std::sync::Arc;
use tracing::Instrument;

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// There is no such live session, or it is somebody else's: which, is not told.
    #[error("there is no such session")]
    NotFound,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// One's own live sessions, newest first.
    pub async fn sessions(
        &self,
        who: &Identity,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        self.parts.session_list.live(who.user, self.now(), page).await
    }

    /// Ends one of one's own sessions; its tokens are refused from the next request on.
    pub async fn end_one_session(
        &self,
        who: &Identity,
        session: SessionId,
        device: &Device,
    ) -> Result<(), EndSessionError> {
        let (user, at) = (who.user, self.now());
        let noted = self.noted(AuditAction::SessionEnded, Actor::user(user, device), user);
        let (list, revocations) = (Arc::clone(&self.parts.session_list), Arc::clone(&self.revocations));
        let ended = self.to_the_end(async move {
            let ended = list.end_own(user, session, at, &noted).await?;
            if ended {
                revocations.note(session, at);
            }
            Ok(ended)
        });
        if ended.await? { Ok(()) } else { Err(EndSessionError::NotFound) }
    }

    /// Ends all of one's sessions but the one that `who` is in; tells how many it were.
    pub async fn end_other_sessions(&self, who: &Identity, device: &Device) -> Result<usize, Unavailable> {
        let (user, kept, at) = (who.user, who.session, self.now());
        let noted = self.noted(AuditAction::SessionEnded, Actor::user(user, device), user);
        let (list, revocations) = (Arc::clone(&self.parts.session_list), Arc::clone(&self.revocations));
        let ended = self.to_the_end(async move {
            let ended = list.end_others(user, kept, at, &noted).await?;
            for session in &ended {
                revocations.note(*session, at);
            }
            Ok(ended.len())
        });
        ended.await
    }

    /// Runs `work` as a task, since callers are dropped when their client goes away: what is stored and what is in memory stay together.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Unavailable>> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let done = tokio::spawn(work.in_current_span()).await;
        done.unwrap_or_else(|panic| Err(Unavailable::new(panic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_tokens::SignedIn;
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;

    impl TestAccounts {
        fn identity(&self, signed_in: &SignedIn) -> Identity {
            let asker = self.accounts.authenticate(signed_in.tokens.access.expose()).expect("a good token");
            asker.identity.expect("signed in")
        }

        async fn live(&self, who: &Identity) -> Vec<SessionId> {
            let slice = self.accounts.sessions(who, Page::default()).await.expect("read");
            slice.items.iter().map(|session| session.id).collect()
        }

        fn actions(&self) -> Vec<AuditAction> {
            self.store.audit().iter().map(|entry| entry.action).collect()
        }
    }

    async fn three_sessions() -> (TestAccounts, [SignedIn; 3]) {
        let test = TestAccounts::default();
        test.register("ada").await;
        let mut all = Vec::new();
        for _ in 0..3 {
            test.clock.advance(SignedDuration::from_secs(1));
            all.push(test.sign_in("ada").await);
        }
        (test, all.try_into().expect("three"))
    }

    #[tokio::test]
    async fn ones_live_sessions_are_listed_and_nobody_elses() {
        let (test, [first, second, third]) = three_sessions().await;
        test.register("bob").await;
        let bob = test.identity(&test.sign_in("bob").await);
        let ada = test.identity(&first);
        assert_eq!(test.live(&ada).await, [third.session, second.session, first.session]);
        assert_eq!(test.live(&bob).await, [bob.session]);
        test.accounts.sign_out(&test.identity(&second), &Device::default()).await.unwrap();
        assert_eq!(test.live(&ada).await, [third.session, first.session]);
        test.clock.advance(TestAccounts::policy().session_lifetime - SignedDuration::from_secs(2));
        assert_eq!(test.live(&ada).await, [third.session]);
    }

    #[tokio::test]
    async fn one_that_is_ended_is_refused_on_the_next_request() {
        let (test, [here, there, _]) = three_sessions().await;
        let who = test.identity(&here);
        test.accounts.end_one_session(&who, there.session, &Device::default()).await.unwrap();
        assert!(test.accounts.authenticate(there.tokens.access.expose()).is_err());
        assert!(test.accounts.refresh(&there.tokens.refresh, &Device::default()).await.is_err());
        assert!(test.accounts.authenticate(here.tokens.access.expose()).is_ok());
        assert_eq!(test.actions().last(), Some(&AuditAction::SessionEnded));
        let again = test.accounts.end_one_session(&who, there.session, &Device::default()).await;
        assert!(matches!(again, Err(EndSessionError::NotFound)));
    }

    #[tokio::test]
    async fn nobody_ends_the_session_of_somebody_else() {
        let (test, [ada, ..]) = three_sessions().await;
        test.register("bob").await;
        let bob = test.identity(&test.sign_in("bob").await);
        let before = test.actions();
        let refused = test.accounts.end_one_session(&bob, ada.session, &Device::default()).await;
        assert!(matches!(refused, Err(EndSessionError::NotFound)));
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_ok());
        assert_eq!(test.actions(), before);
    }

    #[tokio::test]
    async fn all_others_end_and_this_one_goes_on() {
        let (test, [first, second, third]) = three_sessions().await;
        let who = test.identity(&second);
        assert_eq!(test.accounts.end_other_sessions(&who, &Device::default()).await.unwrap(), 2);
        assert_eq!(test.live(&who).await, [second.session]);
        for other in [first, third] {
            assert!(test.accounts.authenticate(other.tokens.access.expose()).is_err());
        }
        assert!(test.accounts.authenticate(second.tokens.access.expose()).is_ok());
        let before = test.actions();
        assert_eq!(test.accounts.end_other_sessions(&who, &Device::default()).await.unwrap(), 0);
        assert_eq!(test.actions(), before, "what changes nothing is not noted");
    }
}
