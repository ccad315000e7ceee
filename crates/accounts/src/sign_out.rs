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

#[cfg(test)]
mod tests {
    use crate::ports::TokenRejected;
    use crate::session_tokens::SignedIn;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use square_kernel::{Identity, Unavailable};

    impl TestAccounts {
        fn who(&self, signed_in: &SignedIn) -> Result<Identity, TokenRejected> {
            let asker = self.accounts.authenticate(signed_in.tokens.access.expose())?;
            Ok(asker.identity.expect("signed in"))
        }

        async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), Unavailable> {
            self.accounts.sign_out(&self.who(signed_in).expect("signed in")).await
        }
    }

    #[tokio::test]
    async fn the_very_next_request_is_refused_and_other_sessions_go_on() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let (here, there) = (test.sign_in("ada").await, test.sign_in("ada").await);
        test.sign_out(&here).await.unwrap();
        assert_eq!(test.who(&here), Err(TokenRejected::Expired));
        assert!(test.accounts.refresh(&here.tokens.refresh).await.is_err());
        assert!(test.who(&there).is_ok());
        assert!(test.accounts.refresh(&there.tokens.refresh).await.is_ok());
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
}
