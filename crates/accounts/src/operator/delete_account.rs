use super::OperatorError;
use crate::account::Account;
use crate::audit::Actor;
use crate::ports::LoginName;
use crate::service::Accounts;

impl Accounts {
    /// Deletes an account with all that belongs to it, and tells its owner by letter. The operator may delete the last administrator too.
    pub async fn delete_by_operator(
        &self,
        login: &LoginName,
        actor: &Actor,
    ) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        if let Ok(true) = self.erase(&account, None, actor.clone()).await? {
            Ok(account)
        } else {
            Err(OperatorError::NoSuchAccount)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn an_account_is_gone_and_its_name_free() {
        let test = TestAccounts::default();
        test.admin("root").await;
        let login = LoginName::Username("root".to_owned());
        test.accounts.delete_by_operator(&login, &Actor::default()).await.unwrap();
        let again = test.accounts.delete_by_operator(&login, &Actor::default()).await;
        assert!(matches!(again, Err(OperatorError::NoSuchAccount)));
        test.register("root").await;
    }
}
