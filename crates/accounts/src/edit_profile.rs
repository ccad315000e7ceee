use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::names::PersonName;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Unavailable};

/// What is to be another in an account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    /// First name; may be empty.
    pub first_name: Option<PersonName>,
    /// Last name; may be empty.
    pub last_name: Option<PersonName>,
}

impl Accounts {
    /// Changes names and gives the account as it is now; `None` when it is gone. Access tokens show the names from the next
    /// refresh on.
    pub async fn edit_profile(
        &self,
        who: &Identity,
        patch: ProfilePatch,
        device: &Device,
    ) -> Result<Option<Account>, Unavailable> {
        let Some(account) = self.parts.store.by_id(who.user).await? else { return Ok(None) };
        let first_name = patch.first_name.unwrap_or_else(|| account.first_name.clone());
        let last_name = patch.last_name.unwrap_or_else(|| account.last_name.clone());
        let noted = self.noted(AuditAction::ProfileChanged, Actor::user(who.user, device), who.user);
        let store = &self.parts.credentials;
        store.rename(who.user, &first_name, &last_name, self.now(), &noted).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn what_is_left_out_stays_and_what_is_so_already_is_not_noted() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        let name = |text: &str| Some(PersonName::parse("first_name", text).unwrap());
        let edit = async |first_name, last_name| {
            let patch = ProfilePatch { first_name, last_name };
            let account = test.accounts.edit_profile(&who, patch, &Device::default()).await.unwrap().unwrap();
            let changes =
                test.store.audit().iter().filter(|e| e.action == AuditAction::ProfileChanged).count();
            (account.display_name(), changes)
        };
        assert_eq!(edit(name("Ada"), name("Lovelace")).await, ("Ada Lovelace".to_owned(), 1));
        assert_eq!(edit(None, name("King")).await, ("Ada King".to_owned(), 2));
        assert_eq!(edit(name("Ada"), None).await, ("Ada King".to_owned(), 2));
        assert_eq!(edit(None, name("")).await, ("Ada".to_owned(), 3));
    }
}
