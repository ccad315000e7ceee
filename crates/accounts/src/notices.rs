use crate::account::Account;
use crate::letter::Occasion;
use crate::names::EmailAddress;
use crate::ports::NewLetter;
use crate::service::Accounts;
use square_kernel::Unavailable;

impl Accounts {
    /// The letter that tells the owner of an account what becomes of it; `None` where it has no address, or one that was never
    /// confirmed and got many such letters of late. Such an address may be a stranger's, whom nobody may flood by what they do to
    /// an account, or to one account after the other: so the budget is the mailbox's, and all of these occasions share it.
    pub(crate) async fn notice(
        &self,
        account: &Account,
        occasion: Occasion,
    ) -> Result<Option<NewLetter>, Unavailable> {
        let Some(to) = &account.email else { return Ok(None) };
        let may = self.may_tell(account, to).await?;
        Ok(may.then(|| self.new_letter(to, &account.username, occasion)))
    }

    async fn may_tell(&self, account: &Account, to: &EmailAddress) -> Result<bool, Unavailable> {
        if account.confirmed_at.is_some() {
            return Ok(true);
        }
        self.may_write_to(to, "notice").await
    }
}

#[cfg(test)]
mod tests {
    use crate::password::Password;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;
    use square_kernel::{Identity, Secret};
    use square_limits::Quota;

    const AT_MOST: usize = 2;

    fn two_an_hour() -> TestAccounts {
        TestAccounts::with(|parts| parts.policy.limits.letters_per_mailbox = Quota::per_hour(2))
    }

    impl TestAccounts {
        fn letters_on(&self, occasion: &str) -> usize {
            self.store.letters().iter().filter(|letter| letter.occasion.name() == occasion).count()
        }

        /// Changes the password to and fro.
        async fn change_passwords(&self, who: &Identity, times: usize) {
            let words = [Self::PASSWORD, "brand new horse"];
            for turn in 0..times {
                let new = Password::parse("new_password", words[(turn + 1) % 2]).unwrap();
                let existing = Secret::new(words[turn % 2]);
                self.accounts.update_password(who, &existing, &new, &Device::default()).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_mailbox_that_nobody_confirmed_is_not_flooded_by_what_is_done_to_an_account() {
        let test = two_an_hour();
        test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        test.change_passwords(&who, 10).await;
        assert_eq!(test.letters_on("password_changed"), AT_MOST);
        test.clock.advance(SignedDuration::from_mins(30));
        test.change_passwords(&who, 2).await;
        assert_eq!(test.letters_on("password_changed"), AT_MOST + 1);
    }

    #[tokio::test]
    async fn nor_by_making_and_deleting_accounts() {
        let test = two_an_hour();
        let (mut confirmations, mut deleted) = (0, 0);
        for _ in 0..10 {
            test.register("ada").await;
            confirmations += test.letters_on("confirm_address");
            let who = test.caller(&test.sign_in("ada").await);
            let password = Secret::new(TestAccounts::PASSWORD);
            test.accounts.delete_account(&who, Some(&password), &Device::default()).await.unwrap();
            deleted += test.letters_on("account_deleted");
        }
        assert_eq!((confirmations, deleted), (AT_MOST, AT_MOST));
        // Who registers in earnest asks for the link, which has a budget of its own.
        test.register("ada").await;
        assert_eq!(test.letters_on("confirm_address"), 0);
        test.resend("ada").await;
        assert_eq!(test.letters_on("confirm_address"), 1);
    }

    #[tokio::test]
    async fn nor_by_signing_in_from_everywhere() {
        let test = two_an_hour();
        test.register("ada").await;
        test.clock.advance(SignedDuration::from_hours(2));
        for number in 0..10 {
            let device = Device { agent: Some(format!("agent {number}")), ..Device::default() };
            let login = crate::ports::LoginName::Username("ada".to_owned());
            test.accounts.sign_in(&login, &Secret::new(TestAccounts::PASSWORD), &device).await.unwrap();
        }
        assert_eq!(test.letters_on("new_device"), AT_MOST);
    }

    #[tokio::test]
    async fn whoever_confirmed_their_address_is_told_each_time() {
        let test = two_an_hour();
        test.register("ada").await;
        let token = test.store.mailed_token().unwrap();
        test.accounts.confirm(&token, None, &Device::default()).await.unwrap();
        let who = test.caller(&test.sign_in("ada").await);
        test.change_passwords(&who, 10).await;
        assert_eq!(test.letters_on("password_changed"), 10);
    }
}
