use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, limited};
use crate::ports::{Rotation, SessionRecord};
use crate::service::{Accounts, later};
use crate::session_tokens::{Device, RefreshToken, SignedIn};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Secret, Unavailable};
use square_limits::TooMany;

/// For so long a spent refresh token counts as a retry of a request whose answer was lost.
const RETRY_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not ours, or spent, or its session is over.
    #[error("the refresh token is not good, or not any more")]
    Rejected,
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(RefreshError);

impl Accounts {
    /// Spends a refresh token for the session's next pair.
    ///
    /// The same token again within 10 s is a retry and gives that same pair; later it is a stolen copy, of
    /// which nobody can tell who holds it, and ends the session (RFC 9700, section 4.14.2).
    pub async fn refresh(&self, refresh_token: &Secret, device: &Device) -> Result<SignedIn, RefreshError> {
        self.count(Counted::RefreshFromAddress, device).await?;
        let token =
            RefreshToken::read(refresh_token, &*self.parts.keyed_hash).ok_or(RefreshError::Rejected)?;
        let now = self.now();
        let expires_at = later(now, self.parts.policy.session_lifetime);
        let rotation = self.parts.sessions.rotate(token.session, token.generation, now, expires_at).await?;
        let record = match rotation {
            Rotation::Rotated(record) => record,
            Rotation::Stale(record) if is_retry(&record, token.generation, now) => record,
            Rotation::Stale(record) => {
                self.end_if_reused(&record, token.generation, device, now).await?;
                return Err(RefreshError::Rejected);
            }
            Rotation::Unknown => return Err(RefreshError::Rejected),
        };
        let account = self.parts.store.by_id(record.user).await?.filter(Account::is_active);
        Ok(self.issue(account.ok_or(RefreshError::Rejected)?, &record).await?)
    }

    /// Ends a session one of whose earlier refresh tokens came back.
    async fn end_if_reused(
        &self,
        record: &SessionRecord,
        generation: u32,
        device: &Device,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        if generation >= record.generation || record.ended_at.is_some() {
            return Ok(());
        }
        tracing::warn!(user = %record.user, session = %record.id, "a spent refresh token came back: session ended");
        let noted = self.noted(AuditAction::RefreshTokenReused, Actor::stranger(device), record.user);
        self.end_session(record.id, now, noted).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::LoginName;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use crate::tokens::TokenPair;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn same(one: &TokenPair, other: &TokenPair) -> bool {
        (&one.access, &one.refresh, one.expires_at) == (&other.access, &other.refresh, other.expires_at)
    }

    /// Somebody signed in a minute ago.
    async fn signed_in() -> (TestAccounts, SignedIn) {
        let test = TestAccounts::default();
        test.register("ada").await;
        let first = test.sign_in("ada").await;
        test.clock.advance(seconds(60));
        (test, first)
    }

    impl TestAccounts {
        async fn refresh(&self, pair: &TokenPair) -> Result<TokenPair, RefreshError> {
            self.accounts.refresh(&pair.refresh, &Device::default()).await.map(|signed_in| signed_in.tokens)
        }

        async fn assert_over(&self, pair: &TokenPair) {
            assert!(self.accounts.authenticate(pair.access.expose()).is_err());
            assert!(matches!(self.refresh(pair).await, Err(RefreshError::Rejected)));
        }
    }

    #[tokio::test]
    async fn a_pair_is_followed_by_the_next() {
        let (test, first) = signed_in().await;
        let next = test.accounts.refresh(&first.tokens.refresh, &Device::default()).await.unwrap();
        assert_eq!((next.session, &next.account), (first.session, &first.account));
        assert_eq!(next.tokens.expires_at, first.tokens.expires_at + seconds(60));
        let asker = test.accounts.authenticate(next.tokens.access.expose()).unwrap();
        assert!(asker.is(first.account.id));
        assert!(!same(&next.tokens, &first.tokens));
        assert!(!same(&test.refresh(&next.tokens).await.unwrap(), &next.tokens));
    }

    #[tokio::test]
    async fn a_retry_within_ten_seconds_gets_the_same_bytes() {
        let (test, first) = signed_in().await;
        // Half a second into one: the access token's times must not depend on when the retry comes.
        test.clock.advance(SignedDuration::from_millis(500));
        let next = test.refresh(&first.tokens).await.unwrap();
        for _ in 0..2 {
            assert!(same(&test.refresh(&first.tokens).await.unwrap(), &next));
            test.clock.advance(seconds(5));
        }
        assert!(same(&test.refresh(&first.tokens).await.unwrap(), &next), "at 10 s sharp");
        assert!(test.refresh(&next).await.is_ok(), "the retries cost the session nothing");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_at_once_get_the_same_pair() {
        let (test, first) = signed_in().await;
        let refreshes: Vec<_> = (0..32)
            .map(|_| {
                let (accounts, token) = (test.accounts.clone(), first.tokens.refresh.clone());
                tokio::spawn(
                    async move { accounts.refresh(&token, &Device::default()).await.unwrap().tokens },
                )
            })
            .collect();
        let mut pairs = Vec::new();
        for refresh in refreshes {
            pairs.push(refresh.await.unwrap());
        }
        assert!(pairs.iter().all(|pair| same(pair, &pairs[0])));
    }

    #[tokio::test]
    async fn a_token_that_comes_back_later_ends_the_session() {
        let (test, first) = signed_in().await;
        let next = test.refresh(&first.tokens).await.unwrap();
        test.clock.advance(seconds(10) + SignedDuration::from_micros(1));
        assert!(test.accounts.authenticate(next.access.expose()).is_ok());
        assert!(matches!(test.refresh(&first.tokens).await, Err(RefreshError::Rejected)));
        test.assert_over(&next).await;
    }

    #[tokio::test]
    async fn a_token_before_the_last_is_no_retry_however_soon() {
        let (test, first) = signed_in().await;
        let second = test.refresh(&first.tokens).await.unwrap();
        let third = test.refresh(&second).await.unwrap();
        assert!(matches!(test.refresh(&first.tokens).await, Err(RefreshError::Rejected)));
        test.assert_over(&third).await;
    }

    #[tokio::test]
    async fn a_clock_set_back_makes_no_retry_of_a_stolen_token() {
        let (test, first) = signed_in().await;
        let next = test.refresh(&first.tokens).await.unwrap();
        test.clock.advance(seconds(-10));
        assert!(same(&test.refresh(&first.tokens).await.unwrap(), &next), "clocks may differ a little");
        test.clock.advance(seconds(-1));
        assert!(matches!(test.refresh(&first.tokens).await, Err(RefreshError::Rejected)));
        test.assert_over(&next).await;
        test.clock.advance(TestAccounts::policy().access_token_lifetime);
        test.accounts.load().await.unwrap();
        test.assert_over(&next).await;
    }

    #[tokio::test]
    async fn what_is_no_token_of_ours_is_refused_without_asking_the_store() {
        let test = watched(&TestAccounts::default(), MockCalls::new());
        for junk in ["", "junk", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let refused = test.accounts.refresh(&Secret::new(junk), &Device::default()).await;
            assert!(matches!(refused, Err(RefreshError::Rejected)), "{junk}");
        }
    }

    #[tokio::test]
    async fn an_expired_session_gives_no_tokens_and_a_live_one_goes_on() {
        let (test, first) = signed_in().await;
        let nearly = TestAccounts::policy().session_lifetime - seconds(1);
        test.clock.advance(nearly - seconds(60));
        let next = test.refresh(&first.tokens).await.unwrap();
        test.clock.advance(nearly);
        let last = test.refresh(&next).await.unwrap();
        test.clock.advance(nearly + seconds(2));
        assert!(matches!(test.refresh(&last).await, Err(RefreshError::Rejected)));
    }

    #[tokio::test]
    async fn no_refreshing_moves_a_sessions_end() {
        let day = seconds(24 * 3600);
        let test = TestAccounts::with(|parts| parts.policy.longest_session = day * 40);
        test.register("ada").await;
        let mut pair = test.sign_in("ada").await.tokens;
        for _ in 0..3 {
            test.clock.advance(day * 13);
            pair = test.refresh(&pair).await.unwrap();
        }
        test.clock.advance(day - seconds(1));
        pair = test.refresh(&pair).await.unwrap();
        test.clock.advance(seconds(1));
        assert!(matches!(test.refresh(&pair).await, Err(RefreshError::Rejected)));
    }

    #[tokio::test]
    async fn that_a_spent_token_came_back_is_noted_with_where_from() {
        let (test, first) = signed_in().await;
        test.refresh(&first.tokens).await.unwrap();
        test.clock.advance(seconds(11));
        let thief = Device { address: Some("203.0.113.9".to_owned()), ..Device::default() };
        assert!(test.accounts.refresh(&first.tokens.refresh, &thief).await.is_err());
        let noted = test.store.audit();
        let entry = noted.last().unwrap();
        assert_eq!((entry.action, entry.user), (AuditAction::RefreshTokenReused, Some(first.account.id)));
        assert_eq!(entry.actor, Actor::stranger(&thief));
    }

    #[tokio::test]
    async fn a_retry_on_an_ended_session_gets_nothing() {
        let (test, first) = signed_in().await;
        let next = test.refresh(&first.tokens).await.unwrap();
        let who = test.accounts.authenticate(next.access.expose()).unwrap().identity.unwrap();
        test.accounts.sign_out(&who, &Device::default()).await.unwrap();
        assert!(matches!(test.refresh(&first.tokens).await, Err(RefreshError::Rejected)));
        test.assert_over(&next).await;
    }

    #[tokio::test]
    async fn the_next_pair_says_what_changed_in_the_account() {
        let (test, first) = signed_in().await;
        let ada = LoginName::Username("ada".to_owned());
        let before = test.accounts.authenticate(first.tokens.access.expose()).unwrap();
        test.accounts.grant_role(&ada, "casting_assistant", &Actor::default()).await.unwrap();
        let next = test.refresh(&first.tokens).await.unwrap();
        let after = test.accounts.authenticate(next.access.expose()).unwrap();
        assert_eq!((before.may("get:movies"), after.may("get:movies")), (false, true));
        test.accounts.set_suspended(&ada, true, &Actor::default()).await.unwrap();
        test.assert_over(&next).await;
    }

    #[tokio::test]
    async fn a_broken_store_is_not_a_bad_token() {
        let (test, first) = signed_in().await;
        for (working, broken) in [(&[][..], "rotate"), (&["rotate"], "by_id")] {
            let mut calls = MockCalls::new();
            calls.allow(working);
            calls.fail(broken);
            let failed = watched(&test, calls).refresh(&first.tokens).await;
            assert!(matches!(failed, Err(RefreshError::Unavailable(_))), "{broken}");
        }
    }
}
