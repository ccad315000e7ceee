use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::{Counted, TooMany, limited};
use crate::names::EmailAddress;
use crate::password::Password;
use crate::ports::{Consequences, Purpose};
use crate::service::Accounts;
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use jiff::Timestamp;
use square_kernel::{FieldError, Invalid, SessionId, Unavailable, UserId};
use std::sync::Arc;

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link is unknown, used, expired or another account's.
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
    /// Nobody is signed in, and everybody who was is no more. A second factor stays, unless the address was never confirmed before.
    pub async fn reset_password(
        &self,
        token: &MailToken,
        user: Option<UserId>,
        password: &Password,
        device: &Device,
    ) -> Result<(), ResetPasswordError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let (digest, now) = (token.digest(), self.now());
        let held = self.parts.secrets.look(&digest, Purpose::ResetPassword, now).await?;
        let owner = held.and_then(|held| held.user).filter(|owner| user.is_none_or(|user| user == *owner));
        let owner = owner.ok_or(ResetPasswordError::Rejected)?;
        let account = self.parts.store.by_id(owner).await?.ok_or(ResetPasswordError::Rejected)?;
        account.refuse_as_password("password", password).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(password).await?;
        let told =
            self.told_of_password(&account, AuditAction::PasswordReset, Actor::stranger(device)).await?;
        let store = Arc::clone(&self.parts.credentials);
        let now = self.now();
        let setting = async move { store.reset_password(&digest, owner, &hash, now, &told).await };
        let set = self.ending_sessions(now, setting).await?;
        set.then_some(()).ok_or(ResetPasswordError::Rejected)
    }

    /// What a new password leads to beside itself.
    pub(crate) async fn told_of_password(
        &self,
        account: &Account,
        action: AuditAction,
        actor: Actor,
    ) -> Result<Consequences, Unavailable> {
        let letter = self.notice(account, Occasion::PasswordChanged).await?;
        Ok(self.noted(action, actor, account.id).with_letter(letter))
    }

    /// Carries a change through that ends sessions, which are refused from the next request on; `false` where there was none.
    pub(crate) async fn ending_sessions(
        &self,
        at: Timestamp,
        change: impl Future<Output = Result<Option<Vec<SessionId>>, Unavailable>> + Send + 'static,
    ) -> Result<bool, Unavailable> {
        let revocations = Arc::clone(&self.revocations);
        let done = self.to_the_end(async move {
            let ended = change.await?;
            for session in ended.iter().flatten() {
                revocations.note(*session, at);
            }
            Ok(ended.is_some())
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
    use crate::ports::AccountStore;
    use crate::session_tokens::SignedIn;
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
        assert!(matches!(letter.occasion, Occasion::PasswordChanged));
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
}
