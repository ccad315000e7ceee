use crate::audit::{Actor, AuditAction};
use crate::owner::OwnerError;
use crate::password::Password;
use crate::ports::Caller;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Invalid, Secret, Unavailable};
use std::sync::Arc;

/// Why the password is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdatePasswordError {
    /// The account has none. A link that sets one can be asked for, as by whoever forgot theirs.
    #[error("the account has no password yet; ask for a link that sets one")]
    NoPassword,
    /// The new one will not do.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The existing one was not given.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Sets a new password and ends all sessions but the one that `who` is in. Gives what the device is to show at sign-ins: what any
    /// of the account's showed before shows nothing any more.
    pub async fn update_password(
        &self,
        who: &Identity,
        existing: &Secret,
        new: &Password,
        device: &Device,
    ) -> Result<Vec<Secret>, UpdatePasswordError> {
        let (account, old) = match self.prove_owner(who, Some(existing)).await {
            Ok((_, hash)) if !hash.is_set() => return Err(UpdatePasswordError::NoPassword),
            Err(OwnerError::ReauthenticationRequired) => return Err(UpdatePasswordError::NoPassword),
            proved => proved?,
        };
        if new.expose() == existing.expose() {
            return Err(Invalid::field("new_password", "must be another one").into());
        }
        account.refuse_as_password("new_password", new).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(new).await?;
        let actor = Actor::user(account.id, device);
        let ways = self.providers_of(account.id, None).await?;
        let told = self.told_of_password(&account, AuditAction::PasswordChanged, actor, ways).await?;
        let (store, now) = (Arc::clone(&self.parts.credentials), self.now());
        let (user, by) = (account.id, Some(Caller::from(who)));
        let changing = async move { store.change_password(user, by, &old, &hash, now, &told).await };
        let changed = self.ending_sessions(now, changing).await?.map_err(OwnerError::from)?;
        // It was changed meanwhile, so what was given is right no more.
        let changed = changed.ok_or(OwnerError::WrongPassword)?;
        Ok(self.remembered(user, changed.credentials, device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignedIn;
    use crate::audit::AuditAction;
    use crate::letter::Occasion;
    use crate::testing::TestAccounts;
    use square_limits::TooMany;

    const NEW: &str = "brand new horse";

    async fn update(
        test: &TestAccounts,
        by: &SignedIn,
        existing: &str,
        new: &str,
    ) -> Result<Vec<Secret>, UpdatePasswordError> {
        let (who, new) = (test.caller(by), Password::parse("new_password", new).unwrap());
        test.accounts.update_password(&who, &Secret::new(existing), &new, &Device::default()).await
    }

    #[tokio::test]
    async fn other_sessions_end_and_this_one_goes_on() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let (here, there) = (test.sign_in("ada").await, test.sign_in("ada").await);
        update(&test, &here, TestAccounts::PASSWORD, NEW).await.unwrap();
        assert!(test.accounts.authenticate(here.tokens.access.expose()).is_ok());
        assert!(test.accounts.refresh(&here.tokens.refresh, &Device::default()).await.is_ok());
        assert!(test.accounts.authenticate(there.tokens.access.expose()).is_err());
        assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_err());
        assert!(test.try_sign_in("ada", NEW).await.is_ok());
        assert!(
            test.store
                .letters()
                .iter()
                .any(|letter| matches!(letter.occasion, Occasion::PasswordChanged { .. }))
        );
        assert!(test.store.audit().iter().any(|entry| entry.action == AuditAction::PasswordChanged));
    }

    #[tokio::test]
    async fn a_wrong_password_the_same_one_and_ones_own_name_are_refused() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let here = test.sign_in("ada").await;
        let wrong = update(&test, &here, "wrong horse", NEW).await;
        assert!(matches!(wrong, Err(UpdatePasswordError::Owner(OwnerError::WrongPassword))));
        for refused in [TestAccounts::PASSWORD, "ada@example.org"] {
            let update = update(&test, &here, TestAccounts::PASSWORD, refused).await;
            assert!(matches!(update, Err(UpdatePasswordError::Invalid(_))), "{refused}");
        }
        test.sign_in("ada").await;
    }

    #[tokio::test]
    async fn whoever_stole_a_session_cannot_go_on_guessing() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let here = test.sign_in("ada").await;
        for _ in 0..30 {
            update(&test, &here, TestAccounts::PASSWORD, "ada@example.org").await.unwrap_err();
        }
        for _ in 0..20 {
            let wrong = update(&test, &here, "wrong horse", NEW).await;
            assert!(matches!(wrong, Err(UpdatePasswordError::Owner(OwnerError::WrongPassword))));
        }
        let hashed = test.hasher.verified().len();
        let refused = update(&test, &here, TestAccounts::PASSWORD, NEW).await;
        let Err(UpdatePasswordError::Owner(OwnerError::TooMany(TooMany { retry_after }))) = refused else {
            unreachable!("not limited: {refused:?}")
        };
        assert_eq!(test.hasher.verified().len(), hashed, "it cost no hash");
        test.clock.advance(retry_after);
        let here = test.sign_in("ada").await;
        update(&test, &here, TestAccounts::PASSWORD, NEW).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_is_signed_out_meanwhile_changes_nothing() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let by = test.sign_in("ada").await;
        let who = test.caller(&by);
        test.accounts.sign_out(&who, &Device::default()).await.unwrap();
        let new = Password::parse("new_password", NEW).unwrap();
        let existing = Secret::new(TestAccounts::PASSWORD);
        let late = test.accounts.update_password(&who, &existing, &new, &Device::default()).await;
        assert!(matches!(late, Err(UpdatePasswordError::Owner(OwnerError::Overtaken(_)))));
        assert!(test.try_sign_in("ada", NEW).await.is_err());
    }
}
