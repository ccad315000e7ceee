use crate::names::EmailAddress;
use crate::ports::{Consequences, RequestedLetter};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::Unavailable;
use square_limits::LimitError;

/// So many links of one account are good at a time; asking for more sends no letter, so that nobody's mailbox
/// can be flooded.
const LINKS: u32 = 5;

impl Accounts {
    /// Has a further confirmation letter sent where the address has an account that is not confirmed and was not
    /// sent many lately; the result is the same where it has none, or a confirmed one.
    pub async fn resend_confirmation(&self, email: &EmailAddress, device: &Device) -> Result<(), LimitError> {
        self.ask_for_letter(RequestedLetter::Confirmation, email, device).await
    }

    /// Sends it, where there is anything to confirm.
    pub(crate) async fn send_confirmation(&self, email: &EmailAddress) -> Result<(), Unavailable> {
        let Some(account) = self.parts.store.by_email(email).await? else { return Ok(()) };
        if account.confirmed_at.is_none() {
            let (confirmation, letter) = self.new_confirmation(account.id, &account.username, email);
            let letter = Consequences::default().with_letter(Some(letter));
            let (store, now) = (&self.parts.store, self.now());
            // Where none is stored there are enough.
            store.renew_confirmation(account.id, &confirmation, LINKS, now, &letter).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn who_has_not_confirmed_gets_a_further_link_and_both_work() {
        for which in 0..2 {
            let test = TestAccounts::default();
            let account = test.register("ada").await;
            let first = test.store.mailed_token().unwrap();
            test.resend("ada").await;
            let second = test.store.mailed_token().unwrap();
            assert_ne!(first.expose(), second.expose());
            let token = [first, second][which].clone();
            assert_eq!(test.accounts.confirm(&token, None, &Device::default()).await.unwrap().id, account.id);
        }
    }

    #[tokio::test]
    async fn nobody_is_flooded_with_letters_and_time_helps() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for _ in 0..10 {
            test.resend("ada").await;
        }
        assert_eq!(test.store.letters().len(), 5);
        test.clock.advance(TestAccounts::policy().confirmation_lifetime);
        test.resend("ada").await;
        assert_eq!(test.store.letters().len(), 6);
        assert!(
            test.accounts
                .confirm(&test.store.mailed_token().unwrap(), None, &Device::default())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn an_unknown_and_a_confirmed_address_get_nothing() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.accounts.confirm(&test.store.mailed_token().unwrap(), None, &Device::default()).await.unwrap();
        for name in ["ada", "nobody"] {
            test.resend(name).await;
        }
        assert_eq!(test.store.letters().len(), 1);
    }

    #[tokio::test]
    async fn asking_looks_at_no_account_and_what_fails_is_done_again() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let unlooked = watched(&test, MockCalls::new());
        for name in ["ada", "nobody"] {
            let email = TestAccounts::email(name);
            unlooked.accounts.resend_confirmation(&email, &Device::default()).await.unwrap();
        }
        let mut calls = MockCalls::new();
        calls.allow(&["by_email"]);
        calls.fail("renew_confirmation");
        assert!(watched(&test, calls).accounts.answer_letter_request().await.is_err());
        test.answer_letter_requests().await;
        assert_eq!(test.store.letters().len(), 1);
        test.clock.advance(SignedDuration::from_mins(1));
        test.answer_letter_requests().await;
        assert_eq!(test.store.letters().len(), 2);
    }

    #[tokio::test]
    async fn nobody_gets_a_letter_a_day_late() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.accounts.resend_confirmation(&TestAccounts::email("ada"), &Device::default()).await.unwrap();
        test.clock.advance(SignedDuration::from_hours(24));
        test.answer_letter_requests().await;
        assert_eq!(test.store.letters().len(), 1);
    }
}
