use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::{Counted, limited};
use crate::names::EmailAddress;
use crate::password::Password;
use crate::ports::{Asked, Consequences, Purpose};
use crate::service::Accounts;
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use jiff::Timestamp;
use square_kernel::{FieldError, Invalid, Secret, SessionId, Unavailable, UserId};
use square_limits::TooMany;
use std::sync::Arc;

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link is unknown, used, expired or another account's, or was mailed to an address that the account has no more.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// The password will not do; the link stays good.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Too many links were tried of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(ResetPasswordError);

impl Accounts {
    /// Sets the password of the account that `token` was mailed to; where the link names an account, it has to be `user`.
    ///
    /// Nobody is signed in, and everybody who was is no more. Second factor and other ways to sign in stay, but for those that were set
    /// up before anybody had confirmed the address; the letter says which.
    ///
    /// Gives what the device is to show at sign-ins: it has a budget of attempts of its own then, whatever strangers do with the one of
    /// the name.
    pub async fn reset_password(
        &self,
        token: &MailToken,
        user: Option<UserId>,
        password: &Password,
        device: &Device,
    ) -> Result<Vec<Secret>, ResetPasswordError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let (digest, now) = (token.digest(), self.now());
        let held = self.parts.secrets.look(&digest, Purpose::ResetPassword, now).await?;
        let held = held.and_then(|held| Some((held.user?, held.payload?)));
        let (owner, mailbox) = held.ok_or(ResetPasswordError::Rejected)?;
        let account = self.parts.store.by_id(owner).await?.ok_or(ResetPasswordError::Rejected)?;
        // Whoever changes the address drops such links; one that was on its way just then comes to the old mailbox all the same.
        let is_current = account.email.as_ref().is_some_and(|email| email.as_str() == mailbox.expose());
        if user.is_some_and(|user| user != owner) || !is_current {
            return Err(ResetPasswordError::Rejected);
        }
        account.refuse_as_password("password", password).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(password).await?;
        // Where nobody had shown that the mailbox is theirs, nothing of the account stays.
        let ways = match account.confirmed_at {
            Some(_) => self.providers_of(owner, account.unproved_until).await?,
            None => Vec::new(),
        };
        let actor = Actor::stranger(device);
        let told = self.told_of_password(&account, AuditAction::PasswordReset, actor, ways).await?;
        let store = Arc::clone(&self.parts.credentials);
        let now = self.now();
        let setting = async move { store.reset_password(&digest, owner, &hash, now, &told).await.map(Ok) };
        let set = self.ending_sessions(now, setting).await?.ok().flatten();
        let set = set.ok_or(ResetPasswordError::Rejected)?;
        Ok(self.remembered(owner, set.credentials, device))
    }

    /// By which providers one can sign in to an account, of those that were linked at or after `since`; as people call them.
    pub(crate) async fn providers_of(
        &self,
        user: UserId,
        since: Option<Timestamp>,
    ) -> Result<Vec<String>, Unavailable> {
        let ways = self.parts.login_methods.ways_in(user).await?;
        let identities = ways.iter().flat_map(|ways| &ways.identities);
        let mut titles: Vec<String> = identities
            .filter(|linked| since.is_none_or(|since| linked.created_at >= since))
            .map(|linked| linked.provider.title().to_owned())
            .collect();
        titles.sort_unstable();
        titles.dedup();
        Ok(titles)
    }

    /// What a new password leads to beside itself. Its letter says by which providers one can sign in without it.
    pub(crate) async fn told_of_password(
        &self,
        account: &Account,
        action: AuditAction,
        actor: Actor,
        ways: Vec<String>,
    ) -> Result<Consequences, Unavailable> {
        let letter = self.notice(account, Occasion::PasswordChanged { ways }).await?;
        Ok(self.noted(action, actor, account.id).with_letter(letter))
    }

    /// Carries a change through that ends sessions, which are refused from the next request on.
    pub(crate) async fn ending_sessions<T: AsRef<[SessionId]> + Send + 'static>(
        &self,
        at: Timestamp,
        change: impl Future<Output = Asked<Option<T>>> + Send + 'static,
    ) -> Asked<Option<T>> {
        let revocations = Arc::clone(&self.revocations);
        let done = self.to_the_end(async move {
            let changed = change.await?;
            for session in changed.iter().flatten().flat_map(AsRef::as_ref) {
                revocations.note(*session, at);
            }
            Ok(changed)
        });
        done.await
    }
}

impl Account {
    /// Refuses its own names as a password, sent as `field`.
    pub(crate) fn refuse_as_password(
        &self,
        field: &'static str,
        password: &Password,
    ) -> Result<(), FieldError> {
        let email = self.email.as_ref().map(EmailAddress::as_str);
        password.is_none_of(field, std::iter::once(self.username.as_str()).chain(email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mfa::{Entry, SecondFactorError};
    use crate::ports::{AccountStore, OneTimeSecrets};
    use crate::session_tokens::{SecondFactor, SignedIn};
    use crate::social::Provider;
    use crate::testing::TestAccounts;
    use crate::tokens::MailToken;

    const NEW: &str = "brand new horse";

    fn new() -> Password {
        Password::parse("password", NEW).unwrap()
    }

    async fn with_link() -> (TestAccounts, SignedIn, MailToken) {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        (test, signed_in, token)
    }

    #[tokio::test]
    async fn the_new_password_counts_at_once_and_whoever_was_signed_in_is_no_more() {
        let (test, before, token) = with_link().await;
        let user = before.account.id;
        test.accounts.reset_password(&token, Some(user), &new(), &Device::default()).await.unwrap();
        assert!(test.accounts.authenticate(before.tokens.access.expose()).is_err());
        assert!(test.accounts.refresh(&before.tokens.refresh, &Device::default()).await.is_err());
        assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_err());
        assert!(test.try_sign_in("ada", NEW).await.is_ok());
        let account = test.store.by_id(user).await.unwrap().unwrap();
        assert!(account.confirmed_at.is_some(), "its owner has read the letter");
        let letter = test.store.letters().pop().unwrap();
        assert_eq!(letter.occasion, Occasion::PasswordChanged { ways: Vec::new() });
        assert!(test.store.audit().iter().any(|entry| entry.action == AuditAction::PasswordReset));
    }

    #[tokio::test]
    async fn a_link_is_good_once_for_its_account_and_for_an_hour() {
        let (test, before, token) = with_link().await;
        let other = test.register("bob").await.id;
        let reset = async |token: &MailToken, user| {
            test.accounts.reset_password(token, user, &new(), &Device::default()).await
        };
        let rejected = |reset| matches!(reset, Err(ResetPasswordError::Rejected));
        assert!(rejected(reset(&token, Some(other)).await));
        assert!(rejected(reset(&MailToken::received("junk"), None).await));
        assert!(reset(&token, Some(before.account.id)).await.is_ok());
        assert!(rejected(reset(&token, Some(before.account.id)).await));

        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.clock.advance(TestAccounts::policy().reset_lifetime);
        assert!(rejected(reset(&token, None).await));
    }

    #[tokio::test]
    async fn no_other_kind_of_link_sets_a_password_and_this_one_does_nothing_else() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let confirmation = test.store.mailed_token().unwrap();
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        let device = Device::default();
        let reset = test.accounts.reset_password(&confirmation, None, &new(), &device).await;
        assert!(matches!(reset, Err(ResetPasswordError::Rejected)));
        assert!(test.accounts.confirm(&token, None, &device).await.is_err());
        assert!(test.accounts.confirm_new_email(&token, None, &device).await.is_err());
        assert!(test.accounts.confirm(&confirmation, None, &device).await.is_ok());
        assert!(test.accounts.reset_password(&token, None, &new(), &device).await.is_ok());
    }

    #[tokio::test]
    async fn ones_own_names_are_refused_and_the_link_stays_good() {
        let (test, _, token) = with_link().await;
        let own = Password::parse("password", "ada@example.org").unwrap();
        let refused = test.accounts.reset_password(&token, None, &own, &Device::default()).await;
        assert!(matches!(refused, Err(ResetPasswordError::Invalid(_))));
        assert!(test.accounts.reset_password(&token, None, &new(), &Device::default()).await.is_ok());
    }

    #[tokio::test]
    async fn it_holds_on_other_instances_too() {
        let (test, before, token) = with_link().await;
        let other = test.restarted();
        other.accounts.load().await.unwrap();
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
        other.accounts.load().await.unwrap();
        assert!(other.accounts.authenticate(before.tokens.access.expose()).is_err());
    }

    #[tokio::test]
    async fn a_link_to_an_address_that_the_account_has_no_more_is_void() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        test.forget_password("ada").await;
        let before = test.store.mailed_token().unwrap();
        let (new_address, password) = (TestAccounts::email("new"), Secret::new(TestAccounts::PASSWORD));
        test.accounts.change_email(&who, &new_address, Some(&password), &Device::default()).await.unwrap();
        let moving = test.store.mailed_token().unwrap();
        test.accounts.confirm_new_email(&moving, None, &Device::default()).await.unwrap();
        // One that the letter worker was writing to the old address at that moment.
        let late = MailToken::new(&*test.accounts.parts.randomness);
        let secret = crate::ports::NewSecret {
            digest: late.digest(),
            purpose: Purpose::ResetPassword,
            user: Some(account.id),
            payload: Some(Secret::new(TestAccounts::email("ada").as_str())),
            attempts: 1,
            created_at: test.accounts.now(),
            expires_at: crate::service::later(test.accounts.now(), TestAccounts::policy().reset_lifetime),
        };
        assert!(test.store.issue(&secret, 9, Consequences::none()).await.unwrap());
        for token in [before, late] {
            let reset = test.accounts.reset_password(&token, None, &new(), &Device::default()).await;
            assert!(matches!(reset, Err(ResetPasswordError::Rejected)));
        }
        test.forget_password("new").await;
        let token = test.store.mailed_token().unwrap();
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
    }

    #[tokio::test]
    async fn the_letter_says_by_which_providers_one_can_sign_in_all_the_same() {
        let (test, before, token) = with_link().await;
        let user = before.account.id;
        test.link(user, Provider::Google).await;
        test.clock.advance(jiff::SignedDuration::from_secs(1));
        test.vouch_for(user).await;
        for provider in [Provider::Linkedin, Provider::Github] {
            test.link(user, provider).await;
        }
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
        let ways = vec!["GitHub".to_owned(), "LinkedIn".to_owned()];
        assert_eq!(test.newest_occasion(), Occasion::PasswordChanged { ways });
        let left = test.accounts.ways_in(user).await.unwrap().unwrap();
        let left: Vec<_> = left.identities.iter().map(|linked| linked.provider).collect();
        assert_eq!(left.len(), 2, "what was linked before the address was confirmed is gone: {left:?}");
    }

    #[tokio::test]
    async fn nothing_of_an_unconfirmed_account_is_said_to_stay() {
        let (test, before, token) = with_link().await;
        test.link(before.account.id, Provider::Google).await;
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
        assert_eq!(test.newest_occasion(), Occasion::PasswordChanged { ways: Vec::new() });
        let left = test.accounts.ways_in(before.account.id).await.unwrap().unwrap();
        assert!(left.password && left.identities.is_empty());
    }

    #[tokio::test]
    async fn a_challenge_from_before_is_good_no_more() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let ada = test.with_mfa("ada").await;
        // As of somebody whose sign-in by another way was on its way while the password was reset.
        let seen = test.store.by_id(ada.session.account.id).await.unwrap().unwrap();
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
        let begun = test.accounts.sign_in_proved(seen, &Device::default()).await.unwrap();
        let Some(Entry::Challenge(challenge)) = begun else { unreachable!("no challenge") };
        let late = test.answer("ada", &challenge, &test.code(&ada.secret)).await;
        assert!(matches!(late, Err(SecondFactorError::ChallengeRejected)));
        let late = test.recover("ada", &challenge, &ada.codes[0]).await;
        assert!(matches!(late, Err(SecondFactorError::ChallengeRejected)));
    }

    #[tokio::test]
    async fn nobody_who_has_shown_both_factors_before_gets_in_after() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let ada = test.with_mfa("ada").await;
        let seen = test.store.by_id(ada.session.account.id).await.unwrap().unwrap();
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.accounts.reset_password(&token, None, &new(), &Device::default()).await.unwrap();
        let opened = test.accounts.open_session(seen, &Device::default(), SecondFactor::Given).await.unwrap();
        assert!(opened.is_none());
    }
}
