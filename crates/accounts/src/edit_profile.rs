use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, limited};
use crate::names::PersonName;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Overtaken, Unavailable};
use square_limits::TooMany;

/// What is to be another in an account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    /// First name; may be empty.
    pub first_name: Option<PersonName>,
    /// Last name; may be empty.
    pub last_name: Option<PersonName>,
}

/// Why names are as they were.
#[derive(Debug, thiserror::Error)]
pub enum EditProfileError {
    /// The account is gone.
    #[error("the account is gone")]
    Gone,
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// They were changed often of late, and each change is noted and told.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(EditProfileError);

impl Accounts {
    /// Changes names and gives the account as it is now. Access tokens show the names from the next refresh on.
    pub async fn edit_profile(
        &self,
        who: &Identity,
        patch: ProfilePatch,
        device: &Device,
    ) -> Result<Account, EditProfileError> {
        self.spend_budgets([self.charge(Counted::ProfileChange, who.user.uuid().as_bytes())]).await?;
        let account = self.parts.store.by_id(who.user).await?.ok_or(EditProfileError::Gone)?;
        let first_name = patch.first_name.unwrap_or_else(|| account.first_name.clone());
        let last_name = patch.last_name.unwrap_or_else(|| account.last_name.clone());
        let noted = self.noted(AuditAction::ProfileChanged, Actor::user(who.user, device), who.user);
        let store = &self.parts.credentials;
        let renamed = store.rename(who.into(), &first_name, &last_name, self.now(), &noted).await?;
        let account = renamed?.ok_or(EditProfileError::Gone)?;
        Ok(self.as_it_counts(account).await?)
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
            let account = test.accounts.edit_profile(&who, patch, &Device::default()).await.unwrap();
            let changes =
                test.store.audit().iter().filter(|e| e.action == AuditAction::ProfileChanged).count();
            (account.display_name(), changes)
        };
        assert_eq!(edit(name("Ada"), name("Lovelace")).await, ("Ada Lovelace".to_owned(), 1));
        assert_eq!(edit(None, name("King")).await, ("Ada King".to_owned(), 2));
        assert_eq!(edit(name("Ada"), None).await, ("Ada King".to_owned(), 2));
        assert_eq!(edit(None, name("")).await, ("Ada".to_owned(), 3));
    }

    #[tokio::test]
    async fn whoever_is_signed_out_meanwhile_changes_nothing() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        test.accounts.sign_out(&who, &Device::default()).await.unwrap();
        let first_name = Some(PersonName::parse("first_name", "Ada").unwrap());
        let patch = ProfilePatch { first_name, last_name: None };
        let late = test.accounts.edit_profile(&who, patch, &Device::default()).await;
        assert!(matches!(late, Err(EditProfileError::Overtaken(_))));
        let account = test.accounts.profile(who.user).await.unwrap().unwrap();
        assert_eq!(account.first_name, PersonName::default());
    }

    #[tokio::test]
    async fn nobody_fills_the_log_with_their_names() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.register("bob").await;
        let who = test.caller(&test.sign_in("ada").await);
        let edit = async |who: &Identity, number: usize| {
            let first_name = Some(PersonName::parse("first_name", &format!("Ada {number}")).unwrap());
            let patch = ProfilePatch { first_name, last_name: None };
            test.accounts.edit_profile(who, patch, &Device::default()).await
        };
        for number in 0..60 {
            edit(&who, number).await.unwrap();
        }
        assert!(matches!(edit(&who, 60).await, Err(EditProfileError::TooMany(_))));
        let bob = test.caller(&test.sign_in("bob").await);
        assert!(edit(&bob, 0).await.is_ok(), "others have a budget of their own");
        test.clock.advance(jiff::SignedDuration::from_mins(1));
        assert!(edit(&who, 61).await.is_ok());
    }
}
