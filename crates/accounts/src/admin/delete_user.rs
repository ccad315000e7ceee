use super::error::{AdminError, permitted};
use crate::account::Standing;
use crate::audit::Actor;
use crate::ports::{Caller, Keep, Rights};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Asker, UserId};

/// The permission to delete other people's accounts.
const DELETE: &str = "delete:users";

impl Accounts {
    /// Deletes somebody's account with all that belongs to it.
    ///
    /// It is suspended first, so that nobody uses it while its parts go, and so that of several administrators who delete one another one
    /// is left.
    pub async fn delete_user(&self, asker: &Asker, user: UserId, device: &Device) -> Result<(), AdminError> {
        let who = permitted(asker, DELETE)?;
        if who.user == user {
            return Err(AdminError::Oneself);
        }
        let actor = Actor::user(who.user, device);
        let suspended =
            |seen: &crate::Account| Rights { standing: Standing::Suspended, roles: seen.roles.to_vec() };
        let by = Some(Caller::from(who));
        let account = self.change_rights(user, suspended, Keep::OneAdministrator, by, &actor).await?;
        // Where it was suspended already, nobody has looked at whoever asks until now.
        let erased = self.erase(&account, by, actor).await?.map_err(AdminError::Overtaken)?;
        erased.then_some(()).ok_or(AdminError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditAction;
    use crate::letter::Occasion;
    use crate::ports::AccountStore;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn an_account_is_gone_its_owner_told_and_its_tokens_good_for_nothing() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.register("ada").await;
        let ada = test.sign_in("ada").await;
        test.accounts.delete_user(&admin, ada.account.id, &Device::default()).await.unwrap();
        assert_eq!(test.store.by_id(ada.account.id).await.unwrap(), None);
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err());
        let letter = test.store.letters().pop().unwrap();
        assert_eq!((letter.to, letter.occasion), (TestAccounts::email("ada"), Occasion::AccountDeleted));
        let noted = test.store.audit().pop().unwrap();
        assert_eq!((noted.action, noted.actor.user), (AuditAction::AccountDeleted, admin.user()));
        let again = test.accounts.delete_user(&admin, ada.account.id, &Device::default()).await;
        assert!(matches!(again, Err(AdminError::NotFound)));
    }

    #[tokio::test]
    async fn nobody_deletes_themselves_and_others_need_the_permission() {
        let test = TestAccounts::default();
        let (root, ada) = (test.admin("root").await, test.asker("ada").await);
        let delete =
            async |asker: &Asker, user| test.accounts.delete_user(asker, user, &Device::default()).await;
        let root_id = root.user().unwrap();
        assert!(matches!(delete(&root, root_id).await, Err(AdminError::Oneself)));
        assert!(matches!(delete(&ada, root_id).await, Err(AdminError::NotAllowed("delete:users"))));
        assert!(matches!(delete(&Asker::default(), root_id).await, Err(AdminError::SignInRequired)));
        assert!(test.store.by_id(root_id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_last_administrator_stays() {
        let test = TestAccounts::default();
        test.store.set_role("cleaner", &["delete:users"]);
        let root = test.admin("root").await;
        let cleaner = test.with_roles("cleaner", &["cleaner"]).await;
        let delete =
            async || test.accounts.delete_user(&cleaner, root.user().unwrap(), &Device::default()).await;
        assert!(matches!(delete().await, Err(AdminError::LastAdministrator)));
        assert!(test.accounts.user(&root, root.user().unwrap()).await.unwrap().is_active());
        test.admin("ada").await;
        delete().await.unwrap();
    }
}
