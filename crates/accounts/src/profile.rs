use crate::account::Account;
use crate::ports::LoginName;
use crate::service::Accounts;
use square_kernel::{Unavailable, UserId};

impl Accounts {
    /// An account as it is now, with the permissions that count; `None` when it is gone.
    pub async fn profile(&self, user: UserId) -> Result<Option<Account>, Unavailable> {
        let Some(account) = self.parts.store.by_id(user).await? else { return Ok(None) };
        self.as_it_counts(account).await.map(Some)
    }

    /// The account that somebody would sign in to by this name or address.
    pub async fn by_login(&self, login: &LoginName) -> Result<Option<Account>, Unavailable> {
        Ok(self.parts.store.credentials(login).await?.map(|(account, _)| account))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};
    use square_kernel::UserId;

    #[tokio::test]
    async fn absent_is_none_and_broken_is_an_error() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        assert_eq!(test.accounts.profile(account.id).await.unwrap(), Some(account.clone()));
        let nobody = UserId::new(&*test.clock, &*test.accounts.parts.randomness);
        assert_eq!(test.accounts.profile(nobody).await.unwrap(), None);
        let mut calls = MockCalls::new();
        calls.fail("by_id");
        assert!(watched(&test, calls).accounts.profile(account.id).await.is_err());
    }
}
