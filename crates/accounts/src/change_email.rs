use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::{Counted, limited};
use crate::names::EmailAddress;
use crate::owner::OwnerError;
use crate::ports::{AddressChange, Caller, Consequences, NewLetter, NewSecret, Purpose};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::{Identity, Invalid, Secret, Unavailable, UserId};
use square_limits::TooMany;
use std::sync::Arc;

/// Why no other address was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// It is the account's address already.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Whoever asks has not shown that the account is theirs.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// Too many letters were asked for of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the other address was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailError {
    /// The link is unknown, used, expired or another account's.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// Another account has the address by now. Who has the link has the mailbox, and may know.
    #[error("the address belongs to another account by now")]
    Taken,
    /// Too many links were tried of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(ChangeEmailError, ConfirmEmailError);

impl Accounts {
    /// Has `new` confirmed by letter; then it becomes the address of the account of `who`. The old address is told at once. A link
    /// that was asked for earlier is good no more.
    ///
    /// Where `new` has an account the result is the same, and so is the letter to the old address; the one to `new` says that it has one.
    pub async fn change_email(
        &self,
        who: &Identity,
        new: &EmailAddress,
        password: Option<&Secret>,
        device: &Device,
    ) -> Result<(), ChangeEmailError> {
        let (account, _) = self.prove_owner(who, password).await?;
        if account.email.as_ref() == Some(new) {
            return Err(Invalid::field("email", "is your address already").into());
        }
        self.count(Counted::LetterFromAddress, device).await?;
        let token = MailToken::new(&*self.parts.randomness);
        let letter = self.letter_to_new(&account, new, &token).await?;
        let requested = self.notice(&account, Occasion::AddressChangeRequested { new: new.clone() }).await?;
        let actor = Actor::user(account.id, device);
        let told = self.noted(AuditAction::EmailChangeRequested, actor, account.id);
        let told = told.with_letter(letter).with_letter(requested);
        let now = self.now();
        // Where no letter carries it nobody knows it. It is stored all the same, so that all cases cost the same.
        let secret = NewSecret {
            digest: token.digest(),
            purpose: Purpose::ChangeEmail,
            user: Some(account.id),
            payload: Some(Secret::new(new.as_str())),
            attempts: 1,
            created_at: now,
            expires_at: later(now, self.parts.policy.email_change_lifetime),
        };
        let asked = self.parts.credentials.ask_for_address(&secret, Caller::from(who), &told).await?;
        let asked = asked.map_err(OwnerError::from)?;
        asked.then_some(()).ok_or(ChangeEmailError::Owner(OwnerError::Gone))
    }

    /// What is written to the address that somebody wants to have; nothing where it got too many letters of late.
    async fn letter_to_new(
        &self,
        account: &Account,
        new: &EmailAddress,
        token: &MailToken,
    ) -> Result<Option<NewLetter>, Unavailable> {
        let holder = self.parts.store.by_email(new).await?;
        if !self.may_write_to(new, "change_email").await? {
            return Ok(None);
        }
        if let Some(holder) = holder {
            return Ok(Some(self.new_letter(new, &holder.username, Occasion::AlreadyRegistered)));
        }
        let occasion = Occasion::ConfirmNewAddress { user: account.id, token: token.clone() };
        Ok(Some(self.new_letter(new, &account.username, occasion)))
    }

    /// Makes the address that `token` was mailed to the account's; where the link names an account, it has to be `user`. Both
    /// addresses are told.
    pub async fn confirm_new_email(
        &self,
        token: &MailToken,
        user: Option<UserId>,
        device: &Device,
    ) -> Result<Account, ConfirmEmailError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let (digest, now) = (token.digest(), self.now());
        let held = self.parts.secrets.look(&digest, Purpose::ChangeEmail, now).await?;
        let held = held.ok_or(ConfirmEmailError::Rejected)?;
        let owner = held.user.filter(|owner| user.is_none_or(|user| user == *owner));
        let owner = owner.ok_or(ConfirmEmailError::Rejected)?;
        let new = held.payload.and_then(|payload| EmailAddress::parse(payload.expose()).ok());
        let new = new.ok_or(ConfirmEmailError::Rejected)?;
        let account = self.parts.store.by_id(owner).await?.ok_or(ConfirmEmailError::Rejected)?;
        let told = self.told_of_address(&account, &new, device).await?;
        let store = Arc::clone(&self.parts.credentials);
        let changing = async move { store.change_address(&digest, owner, &new, now, &told).await };
        match self.to_the_end(changing).await? {
            AddressChange::Changed(account) => Ok(self.as_it_counts(*account).await?),
            AddressChange::Taken => Err(ConfirmEmailError::Taken),
            AddressChange::LinkNotGood => Err(ConfirmEmailError::Rejected),
        }
    }

    async fn told_of_address(
        &self,
        account: &Account,
        new: &EmailAddress,
        device: &Device,
    ) -> Result<Consequences, Unavailable> {
        let changed = || Occasion::AddressChanged { new: new.clone() };
        let told = self.noted(AuditAction::EmailChanged, Actor::stranger(device), account.id);
        // Whoever has the new mailbox has just shown it by the link.
        let to_new = self.new_letter(new, &account.username, changed());
        Ok(told.with_letter(self.notice(account, changed()).await?).with_letter(Some(to_new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignedIn;
    use crate::letter::Letter;
    use crate::ports::AccountStore;
    use crate::testing::TestAccounts;

    async fn ask(
        test: &TestAccounts,
        by: &SignedIn,
        new: &str,
        password: &str,
    ) -> Result<(), ChangeEmailError> {
        let (who, password) = (test.caller(by), Secret::new(password));
        let new = TestAccounts::email(new);
        test.accounts.change_email(&who, &new, Some(&password), &Device::default()).await
    }

    async fn ada() -> (TestAccounts, SignedIn) {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        (test, signed_in)
    }

    /// To whom letters went since there were `before`, and what about.
    fn sent(test: &TestAccounts, before: usize) -> Vec<(EmailAddress, &'static str)> {
        let told = |letter: &Letter| (letter.to.clone(), letter.occasion.name());
        test.store.letters()[before..].iter().map(told).collect()
    }

    #[tokio::test]
    async fn both_addresses_are_told_and_it_holds_once_the_new_one_confirms() {
        let (test, signed_in) = ada().await;
        let (old, new, user) = (TestAccounts::email("ada"), TestAccounts::email("new"), signed_in.account.id);
        ask(&test, &signed_in, "new", TestAccounts::PASSWORD).await.unwrap();
        let expected = [(new.clone(), "confirm_new_address"), (old.clone(), "address_change_requested")];
        assert_eq!(sent(&test, 1), expected);
        assert_eq!(test.store.by_id(user).await.unwrap().unwrap().email, Some(old.clone()));

        let token = test.store.mailed_token().unwrap();
        let changed = test.accounts.confirm_new_email(&token, Some(user), &Device::default()).await.unwrap();
        assert_eq!((changed.email.as_ref(), changed.confirmed_at.is_some()), (Some(&new), true));
        assert_eq!(sent(&test, 3), [(old, "address_changed"), (new, "address_changed")]);
        assert!(test.accounts.authenticate(signed_in.tokens.access.expose()).is_ok());
        let again = test.accounts.confirm_new_email(&token, Some(user), &Device::default()).await;
        assert!(matches!(again, Err(ConfirmEmailError::Rejected)));
        for action in [AuditAction::EmailChangeRequested, AuditAction::EmailChanged] {
            assert!(test.store.audit().iter().any(|entry| entry.action == action), "{action:?}");
        }
    }

    #[tokio::test]
    async fn an_address_with_an_account_gives_the_same_answer_and_nobody_can_confirm_it() {
        let (test, signed_in) = ada().await;
        test.register("bob").await;
        let before = test.store.mailed_token();
        ask(&test, &signed_in, "bob", TestAccounts::PASSWORD).await.unwrap();
        let (old, known) = (TestAccounts::email("ada"), TestAccounts::email("bob"));
        assert_eq!(sent(&test, 2), [(known, "already_registered"), (old, "address_change_requested")]);
        assert_eq!(test.store.mailed_token(), before, "no further link was mailed");
    }

    #[tokio::test]
    async fn an_address_that_is_taken_before_it_is_confirmed_is_told_to_be() {
        let (test, signed_in) = ada().await;
        ask(&test, &signed_in, "bob", TestAccounts::PASSWORD).await.unwrap();
        let token = test.store.mailed_token().unwrap();
        test.register("bob").await;
        let outcome = test.accounts.confirm_new_email(&token, None, &Device::default()).await;
        assert!(matches!(outcome, Err(ConfirmEmailError::Taken)));
    }

    #[tokio::test]
    async fn it_takes_the_password_and_another_address() {
        let (test, signed_in) = ada().await;
        let wrong = ask(&test, &signed_in, "new", "wrong horse").await;
        assert!(matches!(wrong, Err(ChangeEmailError::Owner(OwnerError::WrongPassword))));
        let who = test.caller(&signed_in);
        let none =
            test.accounts.change_email(&who, &TestAccounts::email("new"), None, &Device::default()).await;
        assert!(matches!(none, Err(ChangeEmailError::Owner(OwnerError::PasswordRequired))));
        let same = ask(&test, &signed_in, "ada", TestAccounts::PASSWORD).await;
        assert!(matches!(same, Err(ChangeEmailError::Invalid(_))));
        assert_eq!(test.store.letters().len(), 1);
    }

    #[tokio::test]
    async fn a_link_is_good_for_its_account_only_and_for_a_day() {
        let (test, signed_in) = ada().await;
        let other = test.register("bob").await.id;
        ask(&test, &signed_in, "new", TestAccounts::PASSWORD).await.unwrap();
        let token = test.store.mailed_token().unwrap();
        let confirm = async |user| test.accounts.confirm_new_email(&token, user, &Device::default()).await;
        assert!(matches!(confirm(Some(other)).await, Err(ConfirmEmailError::Rejected)));
        test.clock.advance(TestAccounts::policy().email_change_lifetime);
        assert!(matches!(confirm(None).await, Err(ConfirmEmailError::Rejected)));
    }

    #[tokio::test]
    async fn whoever_takes_the_account_back_is_rid_of_the_change() {
        let (test, signed_in) = ada().await;
        ask(&test, &signed_in, "thief", TestAccounts::PASSWORD).await.unwrap();
        let stolen = test.store.mailed_token().unwrap();
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        let new = crate::Password::parse("password", "brand new horse").unwrap();
        test.accounts.reset_password(&token, None, &new, &Device::default()).await.unwrap();
        let confirmed = test.accounts.confirm_new_email(&stolen, None, &Device::default()).await;
        assert!(matches!(confirmed, Err(ConfirmEmailError::Rejected)));
    }

    #[tokio::test]
    async fn whoever_is_signed_out_meanwhile_asks_for_nothing() {
        let (test, signed_in) = ada().await;
        let (who, password) = (test.caller(&signed_in), Secret::new(TestAccounts::PASSWORD));
        test.accounts.sign_out(&who, &Device::default()).await.unwrap();
        let thief = TestAccounts::email("thief");
        let late = test.accounts.change_email(&who, &thief, Some(&password), &Device::default()).await;
        assert!(matches!(late, Err(ChangeEmailError::Owner(OwnerError::Overtaken(_)))));
        assert_eq!(test.store.letters().len(), 1);
    }
}
