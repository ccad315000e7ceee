use super::OperatorError;
use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::mfa::note_switch;
use crate::ports::{LoginName, MfaSwitch};
use crate::service::Accounts;
use std::sync::Arc;

impl Accounts {
    /// Switches the second factor of an account off, for somebody who has lost it: its secret and recovery codes are forgotten, all
    /// sessions end, and its owner is told by letter. Whether it was on is told.
    pub async fn reset_mfa(
        &self,
        login: &LoginName,
        actor: &Actor,
    ) -> Result<(Account, bool), OperatorError> {
        let account = self.named(login).await?;
        let (user, at) = (account.id, self.now());
        let letter = self.notice(&account, Occasion::MfaDisabled).await?;
        let told = self.noted(AuditAction::MfaDisabled, actor.clone(), user).with_letter(letter);
        let switch =
            MfaSwitch { user, by: None, required_roles: self.parts.policy.mfa_required_roles.clone(), at };
        let (store, revocations) = (Arc::clone(&self.parts.mfa), Arc::clone(&self.revocations));
        let switched = self.to_the_end(async move {
            let switched = store.disable_mfa(&switch, &told).await?;
            note_switch(&revocations, &switch, &switched);
            Ok(switched)
        });
        switched.await?.ok().flatten().ok_or(OperatorError::NoSuchAccount)?;
        Ok((account.clone(), account.mfa_enabled_at.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::AccountStore;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn who_lost_their_second_factor_signs_in_by_password_and_is_told() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let before = test.with_mfa("ada").await.session;
        let login = LoginName::Username("ada".to_owned());
        let (_, was_on) = test.accounts.reset_mfa(&login, &Actor::default()).await.unwrap();
        assert!(was_on);
        assert!(test.accounts.authenticate(before.tokens.access.expose()).is_err(), "no session goes on");
        assert_eq!(test.store.letters().pop().unwrap().occasion, Occasion::MfaDisabled);
        assert_eq!(test.store.audit().pop().unwrap().action, AuditAction::MfaDisabled);
        let after = test.sign_in("ada").await;
        assert_eq!(after.account.mfa_enabled_at, None);
    }

    #[tokio::test]
    async fn where_there_is_none_nothing_happens() {
        let test = TestAccounts::default();
        let ada = test.register("ada").await;
        let token = test.sign_in("ada").await.tokens.access;
        let letters = test.store.letters();
        let login = LoginName::Username("ada".to_owned());
        let (account, was_on) = test.accounts.reset_mfa(&login, &Actor::default()).await.unwrap();
        assert_eq!((account, was_on), (ada.clone(), false));
        assert_eq!(test.store.letters(), letters);
        assert!(test.accounts.authenticate(token.expose()).is_ok());
        assert_eq!(test.store.by_id(ada.id).await.unwrap(), Some(ada));
    }
}
