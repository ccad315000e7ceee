use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::{Letter, LetterId, Occasion};
use crate::limits::{Counted, limited};
use crate::mfa::Entry;
use crate::names::{EmailAddress, Username};
use crate::ports::{NewConfirmation, NewLetter, Purpose};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::{Unavailable, UserId};
use square_limits::TooMany;

/// Why an address was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link is unknown, used, expired or another account's; or its account is suspended, which keeps nobody
    /// from confirming but from signing in.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(ConfirmError);

impl Accounts {
    /// Confirms the address that `token` was mailed to; where the link names an account, it has to be `user`.
    /// The account's other links are spent with it: they would sign in whoever finds them.
    pub async fn confirm(
        &self,
        token: &MailToken,
        user: Option<UserId>,
        device: &Device,
    ) -> Result<Account, ConfirmError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let (digest, now) = (token.digest(), self.now());
        let held = self.parts.secrets.look(&digest, Purpose::Confirm, now).await?;
        let owner = held.and_then(|held| held.user).ok_or(ConfirmError::Rejected)?;
        let noted = self.noted(AuditAction::AddressConfirmed, Actor::stranger(device), owner);
        let confirmed = self.parts.store.confirm(&digest, user, now, &noted).await?;
        confirmed.ok_or(ConfirmError::Rejected)
    }

    /// Confirms the address of `user` and signs them in: who opens the letter has proved who they are. Where the account has a
    /// second factor, it is asked for.
    pub async fn verify(
        &self,
        token: &MailToken,
        user: UserId,
        device: &Device,
    ) -> Result<Entry, ConfirmError> {
        let account = self.confirm(token, Some(user), device).await?;
        self.sign_in_proved(account, device).await?.ok_or(ConfirmError::Rejected)
    }

    /// A fresh confirmation secret of `user` and the letter that carries it.
    pub(crate) fn new_confirmation(
        &self,
        user: UserId,
        username: &Username,
        to: &EmailAddress,
    ) -> (NewConfirmation, NewLetter) {
        let token = MailToken::new(&*self.parts.randomness);
        let expires_at = later(self.now(), self.parts.policy.confirmation_lifetime);
        let confirmation = NewConfirmation { digest: token.digest(), expires_at };
        let occasion = Occasion::ConfirmAddress { user, token };
        (confirmation, self.new_letter(to, username, occasion))
    }

    /// A letter that is caused now.
    pub(crate) fn new_letter(&self, to: &EmailAddress, username: &Username, occasion: Occasion) -> NewLetter {
        NewLetter {
            id: LetterId::new(&*self.parts.clock, &*self.parts.randomness),
            letter: Letter { to: to.clone(), username: username.clone(), occasion },
            at: self.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::LoginName;
    use crate::testing::watched::{MockCalls, watched};
    use crate::testing::{TestAccounts, signed_in};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_link_is_good_once_and_for_its_account_only() {
        let test = TestAccounts::default();
        let other = test.register("other").await;
        let account = test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.clock.advance(SignedDuration::from_hours(1));

        let unknown = test.accounts.confirm(&MailToken::received("junk"), None, &Device::default()).await;
        assert!(matches!(unknown, Err(ConfirmError::Rejected)));
        let wrong = test.accounts.confirm(&token, Some(other.id), &Device::default()).await;
        assert!(matches!(wrong, Err(ConfirmError::Rejected)));

        let confirmed = test.accounts.confirm(&token, None, &Device::default()).await.unwrap();
        assert_eq!((confirmed.id, confirmed.confirmed_at), (account.id, Some(test.accounts.now())));
        let again = test.accounts.confirm(&token, None, &Device::default()).await;
        assert!(matches!(again, Err(ConfirmError::Rejected)));
    }

    #[tokio::test]
    async fn no_older_link_signs_anybody_in_once_the_address_is_confirmed() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let first = test.store.mailed_token().unwrap();
        test.resend("ada").await;
        let second = test.store.mailed_token().unwrap();
        test.accounts.confirm(&second, None, &Device::default()).await.unwrap();
        let verified = test.accounts.verify(&first, account.id, &Device::default()).await;
        assert!(matches!(verified, Err(ConfirmError::Rejected)));
    }

    #[tokio::test]
    async fn a_link_expires() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.clock.advance(TestAccounts::policy().confirmation_lifetime);
        let late = test.accounts.confirm(&token, None, &Device::default()).await;
        assert!(matches!(late, Err(ConfirmError::Rejected)));
    }

    #[tokio::test]
    async fn verifying_signs_in() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        let signed_in =
            signed_in(test.accounts.verify(&token, account.id, &Device::default()).await.unwrap());
        assert!(signed_in.account.confirmed_at.is_some());
        let asker = test.accounts.authenticate(signed_in.tokens.access.expose()).unwrap();
        assert!(asker.is(account.id));
    }

    #[tokio::test]
    async fn verifying_lets_nobody_into_a_suspended_account() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.accounts
            .set_suspended(&LoginName::Username("ada".to_owned()), true, &Actor::default())
            .await
            .unwrap();
        let verified = test.accounts.verify(&token, account.id, &Device::default()).await;
        assert!(matches!(verified, Err(ConfirmError::Rejected)));
    }

    #[tokio::test]
    async fn a_broken_store_is_not_a_bad_link() {
        let mut calls = MockCalls::new();
        calls.fail("confirm");
        let test = TestAccounts::default();
        test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        let failed = watched(&test, calls).accounts.confirm(&token, None, &Device::default()).await;
        assert!(matches!(failed, Err(ConfirmError::Unavailable(_))));
    }
}
