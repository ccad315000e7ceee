use super::OperatorError;
use crate::account::Account;
use crate::admin::RightsError;
use crate::audit::Actor;
use crate::ports::{Keep, LoginName, Rights};
use crate::service::Accounts;

impl Accounts {
    /// Takes a role away from an account, which need not have it. The operator may take it from the last administrator too.
    pub async fn revoke_role(
        &self,
        login: &LoginName,
        role: &str,
        actor: &Actor,
    ) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        let without = |seen: &Account| {
            let kept = seen.roles.iter().filter(|held| *held != role).cloned();
            Rights { standing: seen.standing, roles: kept.collect() }
        };
        Ok(self.change_rights(account.id, without, Keep::Nobody, None, actor).await?)
    }
}

impl From<RightsError> for OperatorError {
    fn from(error: RightsError) -> Self {
        match error {
            // Nobody asks the operator to leave an administrator, or looks whether they are still signed in.
            RightsError::NotFound | RightsError::LastAdministrator | RightsError::Overtaken(_) => {
                Self::NoSuchAccount
            }
            RightsError::NoSuchRole(role) => Self::NoSuchRole(role),
            RightsError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn a_role_is_taken_also_from_the_last_administrator() {
        let test = TestAccounts::default();
        test.admin("root").await;
        let token = test.sign_in("root").await.tokens.access;
        let login = LoginName::Username("root".to_owned());
        for _ in 0..2 {
            let account = test.accounts.revoke_role(&login, "admin", &Actor::default()).await.unwrap();
            assert_eq!(&*account.roles, ["user".to_owned()]);
        }
        assert!(test.accounts.authenticate(token.expose()).is_err());
        let nobody = LoginName::Username("nobody".to_owned());
        let refused = test.accounts.revoke_role(&nobody, "admin", &Actor::default()).await;
        assert!(matches!(refused, Err(OperatorError::NoSuchAccount)));
    }
}
