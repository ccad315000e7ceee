use crate::account::Account;
use crate::admin::RightsError;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::owner::OwnerError;
use crate::ports::{Asked, Caller, Keep, Rights};
use crate::register::FIRST_ROLE;
use crate::service::{Accounts, in_batches};
use crate::session_tokens::Device;
use square_kernel::{Identity, Secret, Unavailable};
use std::sync::Arc;

/// Why an account was not deleted by its owner.
#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    /// Whoever asks has not shown that the account is theirs.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// Nobody would be left to manage accounts.
    #[error("this is the last administrator; make somebody else one first")]
    LastAdministrator,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Deletes the account of `who` with all that belongs to it. Its tokens are refused from the next request on.
    pub async fn delete_account(
        &self,
        who: &Identity,
        password: Option<&Secret>,
        device: &Device,
    ) -> Result<(), DeleteAccountError> {
        let (account, _) = self.prove_owner(who, password).await?;
        let actor = Actor::user(who.user, device);
        let rights = self.resign(who, &account, &actor).await?;
        let by = Some(Caller { rights, ..Caller::from(who) });
        let deleted = self.erase(&account, by, actor).await?.map_err(OwnerError::from)?;
        deleted.then_some(()).ok_or(DeleteAccountError::Owner(OwnerError::Gone))
    }

    /// Gives up what an account was trusted with beyond others, so that of several administrators who go at once one is left. Gives the
    /// number of its rights then.
    async fn resign(
        &self,
        who: &Identity,
        account: &Account,
        actor: &Actor,
    ) -> Result<u32, DeleteAccountError> {
        let plain = |seen: &Account| Rights { standing: seen.standing, roles: vec![FIRST_ROLE.to_owned()] };
        if account.roles.iter().all(|role| role == FIRST_ROLE) {
            return Ok(who.rights);
        }
        let by = Some(Caller::from(who));
        let resigned = self.change_rights(account.id, plain, Keep::OneAdministrator, by, actor).await;
        match resigned {
            Ok(account) => Ok(account.rights),
            Err(RightsError::Overtaken(error)) => Err(OwnerError::from(error).into()),
            Err(RightsError::NotFound) => Err(OwnerError::Gone.into()),
            Err(RightsError::LastAdministrator) => Err(DeleteAccountError::LastAdministrator),
            Err(RightsError::NoSuchRole(role)) => Err(Unavailable::new(format!("no role '{role}'")).into()),
            Err(RightsError::Unavailable(error)) => Err(error.into()),
        }
    }

    /// Deletes an account on behalf of `actor`; `false` when it is gone already. Its owner is told by letter.
    ///
    /// The account goes first, so that who may not delete it any more has lost nothing. Questions of which there are very many follow in
    /// small parts; where that is interrupted, and with what is stored of theirs a moment later, [`Accounts::forget_departed`] goes on.
    pub(crate) async fn erase(&self, account: &Account, by: Option<Caller>, actor: Actor) -> Asked<bool> {
        let (user, now) = (account.id, self.now());
        let letter = self.notice(account, Occasion::AccountDeleted).await?;
        let told = self.noted(AuditAction::AccountDeleted, actor, user).with_letter(letter);
        let store = Arc::clone(&self.parts.credentials);
        let deleting = async move { store.delete_account(user, by, now, &told).await };
        let deleted = self.ending_sessions(now, deleting).await?;
        if matches!(deleted, Ok(Some(_)))
            && let Err(error) = self.forget_departed().await
        {
            tracing::warn!(cause = error.chain(), "questions of a deleted account stay for now");
        }
        Ok(deleted.map(|deleted| deleted.is_some()))
    }

    /// Deletes questions that deleted accounts have left; tells how many there were.
    pub async fn forget_departed(&self) -> Result<u32, Unavailable> {
        let (store, now) = (Arc::clone(&self.parts.credentials), self.now());
        self.to_the_end(async move { in_batches(|at_most| store.forget_departed(now, at_most)).await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Actor;
    use crate::ports::{AccountStore, LoginName};
    use crate::testing::TestAccounts;

    fn password() -> Secret {
        Secret::new(TestAccounts::PASSWORD)
    }

    #[tokio::test]
    async fn everything_goes_its_owner_is_told_and_the_name_is_free() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let (here, there) = (test.sign_in("ada").await, test.sign_in("ada").await);
        test.accounts
            .delete_account(&test.caller(&here), Some(&password()), &Device::default())
            .await
            .unwrap();
        assert_eq!(test.store.by_id(account.id).await.unwrap(), None);
        for session in [here, there] {
            assert!(test.accounts.authenticate(session.tokens.access.expose()).is_err());
            assert!(test.accounts.refresh(&session.tokens.refresh, &Device::default()).await.is_err());
        }
        let letters = test.store.letters();
        assert_eq!(letters.len(), 1, "those that had not left went along");
        assert!(matches!(letters[0].occasion, Occasion::AccountDeleted));
        test.register("ada").await;
    }

    #[tokio::test]
    async fn it_holds_on_other_instances_and_after_a_restart() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        let who = test.caller(&signed_in);
        test.accounts.delete_account(&who, Some(&password()), &Device::default()).await.unwrap();
        let other = test.restarted();
        other.accounts.load().await.unwrap();
        assert!(other.accounts.authenticate(signed_in.tokens.access.expose()).is_err());
    }

    #[tokio::test]
    async fn it_takes_the_password() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        let delete = async |password: Option<&Secret>| {
            test.accounts.delete_account(&who, password, &Device::default()).await
        };
        let none = delete(None).await;
        assert!(matches!(none, Err(DeleteAccountError::Owner(OwnerError::PasswordRequired))));
        let wrong = delete(Some(&Secret::new("wrong horse"))).await;
        assert!(matches!(wrong, Err(DeleteAccountError::Owner(OwnerError::WrongPassword))));
        assert!(test.store.by_id(account.id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_last_administrator_stays_and_of_two_one_may_go() {
        let test = TestAccounts::default();
        for name in ["ada", "bob"] {
            test.register(name).await;
            let login = LoginName::Username(name.to_owned());
            test.accounts.grant_role(&login, "admin", &Actor::default()).await.unwrap();
        }
        let delete = async |name| {
            let who = test.caller(&test.sign_in(name).await);
            test.accounts.delete_account(&who, Some(&password()), &Device::default()).await
        };
        delete("ada").await.unwrap();
        assert!(matches!(delete("bob").await, Err(DeleteAccountError::LastAdministrator)));
        test.sign_in("bob").await;
    }

    #[tokio::test]
    async fn whoever_is_signed_out_meanwhile_deletes_nothing() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        test.accounts.sign_out(&who, &Device::default()).await.unwrap();
        test.store.has_asked(account.id, 1200);
        let late = test.accounts.delete_account(&who, Some(&password()), &Device::default()).await;
        assert!(matches!(late, Err(DeleteAccountError::Owner(OwnerError::Overtaken(_)))));
        assert!(test.store.by_id(account.id).await.unwrap().is_some());
        assert_eq!(test.store.questions_of(account.id), 1200);
    }

    #[tokio::test]
    async fn however_many_questions_go_with_it() {
        let test = TestAccounts::default();
        let (ada, bob) = (test.register("ada").await, test.register("bob").await);
        test.store.has_asked(ada.id, 1200);
        test.store.has_asked(bob.id, 7);
        let who = test.caller(&test.sign_in("ada").await);
        test.accounts.delete_account(&who, Some(&password()), &Device::default()).await.unwrap();
        assert_eq!((test.store.questions_of(ada.id), test.store.questions_of(bob.id)), (0, 7));
    }
}
