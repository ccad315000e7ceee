use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::names::EmailAddress;
use crate::ports::{LetterRequest, NewSecret, Purpose, RequestedLetter};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::{Secret, Unavailable};
use square_limits::LimitError;

/// So many links of one account are good at a time; asking for more sends no letter.
const LINKS: u32 = 5;

impl Accounts {
    /// Has a link that sets a new password sent to an address; also where the account has no password yet. The result and its
    /// time are the same where the address has no account, or one that is suspended, neither of which gets a letter.
    pub async fn forgot_password(&self, email: &EmailAddress, device: &Device) -> Result<(), LimitError> {
        self.ask_for_letter(RequestedLetter::PasswordReset, email, device).await
    }

    /// Sends the link, where there is an account to use it.
    pub(crate) async fn send_password_reset(&self, request: &LetterRequest) -> Result<(), Unavailable> {
        let account = self.parts.store.by_email(&request.to).await?;
        let Some(account) = account.filter(Account::is_active) else { return Ok(()) };
        let (token, now) = (MailToken::new(&*self.parts.randomness), self.now());
        let secret = NewSecret {
            digest: token.digest(),
            purpose: Purpose::ResetPassword,
            user: Some(account.id),
            // Whoever changes the address meanwhile does not know of this link.
            payload: Some(Secret::new(request.to.as_str())),
            attempts: 1,
            created_at: now,
            expires_at: later(now, self.parts.policy.reset_lifetime),
        };
        let occasion = Occasion::ResetPassword { user: account.id, token };
        let letter = self.new_letter(&request.to, &account.username, occasion);
        let actor = Actor::stranger(&request.device);
        let told = self.noted(AuditAction::PasswordResetRequested, actor, account.id);
        // Where none is stored there are enough.
        self.parts.secrets.issue(&secret, LINKS, &told.with_letter(Some(letter))).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use crate::letter::Occasion;
    use crate::password::Password;
    use crate::ports::LoginName;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use crate::{Actor, AuditAction};

    impl TestAccounts {
        /// Asks for a link to `name@example.org` and has all requests seen to.
        pub(crate) async fn forget_password(&self, name: &str) {
            let asked = self.accounts.forgot_password(&Self::email(name), &Device::default()).await;
            asked.expect("asked");
            self.answer_letter_requests().await;
        }
    }

    #[tokio::test]
    async fn a_link_goes_to_the_address_and_the_log_says_so() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        test.forget_password("ada").await;
        let letter = test.store.letters().pop().unwrap();
        assert_eq!(letter.to, TestAccounts::email("ada"));
        assert!(matches!(letter.occasion, Occasion::ResetPassword { user, .. } if user == account.id));
        let noted = test.store.audit().pop().unwrap();
        assert_eq!((noted.action, noted.user), (AuditAction::PasswordResetRequested, Some(account.id)));
    }

    #[tokio::test]
    async fn what_the_request_does_is_the_same_whoever_it_is_for() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.register("eve").await;
        let eve = LoginName::Username("eve".to_owned());
        test.accounts.set_suspended(&eve, true, &Actor::default()).await.unwrap();
        let (letters, noted) = (test.store.letters().len(), test.store.audit().len());
        for name in ["ada", "eve", "nobody"] {
            test.accounts.forgot_password(&TestAccounts::email(name), &Device::default()).await.unwrap();
            assert_eq!((test.store.letters().len(), test.store.audit().len()), (letters, noted), "{name}");
        }
        test.answer_letter_requests().await;
        let new = &test.store.letters()[letters..];
        assert_eq!(new.iter().map(|letter| &letter.to).collect::<Vec<_>>(), [&TestAccounts::email("ada")]);
    }

    #[tokio::test]
    async fn nobody_is_flooded_with_letters_and_time_helps() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for _ in 0..10 {
            test.forget_password("ada").await;
        }
        assert_eq!(test.store.letters().len(), 1 + 5);
        test.clock.advance(TestAccounts::policy().reset_lifetime);
        test.forget_password("ada").await;
        assert_eq!(test.store.letters().len(), 1 + 6);
        let (token, new) =
            (test.store.mailed_token().unwrap(), Password::parse("password", "brand new horse"));
        test.accounts.reset_password(&token, None, &new.unwrap(), &Device::default()).await.unwrap();
    }
}
