use super::OperatorError;
use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::password::Password;
use crate::ports::LoginName;
use crate::service::Accounts;
use square_kernel::{Invalid, Unavailable};
use std::sync::Arc;

/// How often the hash is looked at anew that somebody changes at the same time.
const ATTEMPTS: u32 = 8;

impl Accounts {
    /// Sets the password of an account, ends all its sessions and tells its owner by letter.
    pub async fn set_password(
        &self,
        login: &LoginName,
        password: &Password,
        actor: &Actor,
    ) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        account.refuse_as_password("password", password).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(password).await?;
        for _ in 0..ATTEMPTS {
            let found = self.parts.credentials.own_credentials(account.id).await?;
            let (account, old) = found.ok_or(OperatorError::NoSuchAccount)?;
            let ways = self.providers_of(account.id, None).await?;
            let told = self.told_of_password(&account, AuditAction::PasswordSet, actor.clone(), ways).await?;
            let (store, new) = (Arc::clone(&self.parts.credentials), hash.clone());
            let (user, now) = (account.id, self.now());
            let changing = async move { store.change_password(user, None, &old, &new, now, &told).await };
            if let Ok(Some(_)) = self.ending_sessions(now, changing).await? {
                return Ok(account);
            }
        }
        Err(Unavailable::new("others go on changing this password").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    fn password(text: &str) -> Password {
        Password::parse("password", text).unwrap()
    }

    #[tokio::test]
    async fn it_holds_at_once_ends_all_sessions_and_is_told() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let before = test.sign_in("ada").await;
        let login = LoginName::Username("ada".to_owned());
        test.accounts.set_password(&login, &password("another horse"), &Actor::default()).await.unwrap();
        assert!(test.accounts.authenticate(before.tokens.access.expose()).is_err());
        assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_err());
        test.try_sign_in("ada", "another horse").await.unwrap();
        let letters = test.store.letters();
        assert!(letters.iter().any(|letter| letter.occasion.name() == "password_changed"));
        assert!(test.store.audit().iter().any(|entry| entry.action == AuditAction::PasswordSet));
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_told() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let set = async |name: &str, new: &str| {
            let login = LoginName::Username(name.to_owned());
            test.accounts.set_password(&login, &password(new), &Actor::default()).await
        };
        assert!(matches!(set("nobody", "another horse").await, Err(OperatorError::NoSuchAccount)));
        assert!(matches!(set("ada", "ada@example.org").await, Err(OperatorError::Invalid(_))));
        test.sign_in("ada").await;
    }
}
