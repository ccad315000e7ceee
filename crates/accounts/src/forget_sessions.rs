use crate::service::{Accounts, in_batches};
use square_kernel::Unavailable;

impl Accounts {
    /// Deletes sessions that expired so long ago that no token of theirs is good; tells how many.
    pub async fn forget_sessions(&self) -> Result<u32, Unavailable> {
        let before = self.revocations.oldest(self.now());
        in_batches(|at_most| self.parts.sessions.forget_expired(before, at_most)).await
    }
}

#[cfg(test)]
mod tests {
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_session_is_forgotten_when_no_token_of_it_can_be_good() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let (ended, lapsed) = (test.sign_in("ada").await, test.sign_in("ada").await);
        let who = test.accounts.authenticate(ended.tokens.access.expose()).unwrap().identity.unwrap();
        test.accounts.sign_out(&who, &crate::Device::default()).await.unwrap();
        let policy = TestAccounts::policy();
        test.clock.advance(policy.session_lifetime + policy.access_token_lifetime);
        let live = test.sign_in("ada").await;
        assert_eq!(test.accounts.forget_sessions().await.unwrap(), 0);
        test.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(test.accounts.forget_sessions().await.unwrap(), 2);
        assert!(test.accounts.refresh(&lapsed.tokens.refresh, &Device::default()).await.is_err());
        assert!(test.accounts.refresh(&live.tokens.refresh, &Device::default()).await.is_ok());
    }

    #[tokio::test]
    async fn many_are_forgotten_in_several_transactions() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for _ in 0..501 {
            test.sign_in("ada").await;
        }
        test.clock.advance(TestAccounts::policy().session_lifetime * 2);
        let mut calls = MockCalls::new();
        calls.allow(&["forget_expired", "forget_expired"]);
        assert_eq!(watched(&test, calls).accounts.forget_sessions().await.unwrap(), 501);
        let mut calls = MockCalls::new();
        calls.fail("forget_expired");
        assert!(watched(&test, calls).accounts.forget_sessions().await.is_err());
    }
}
