use super::OperatorError;
use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::ports::LoginName;
use crate::service::Accounts;

impl Accounts {
    /// Confirms the address of an account, for which the operator vouches.
    pub async fn vouch(&self, login: &LoginName, actor: &Actor) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        let noted = self.noted(AuditAction::AddressConfirmed, actor.clone(), account.id);
        self.parts.administration.vouch(account.id, self.now(), &noted).await?;
        self.named(login).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn an_address_is_confirmed_and_its_link_spent() {
        let test = TestAccounts::default();
        let ada = test.register("ada").await;
        let link = test.store.mailed_token().unwrap();
        let login = LoginName::Email(TestAccounts::email("ada"));
        let confirmed = test.accounts.vouch(&login, &Actor::default()).await.unwrap();
        assert!(confirmed.confirmed_at.is_some());
        assert!(test.accounts.confirm(&link, Some(ada.id), &Device::default()).await.is_err());
        assert_eq!(test.accounts.vouch(&login, &Actor::default()).await.unwrap(), confirmed);
        let noted = test.store.audit();
        let times = noted.iter().filter(|entry| entry.action == AuditAction::AddressConfirmed).count();
        assert_eq!(times, 1);
    }
}
