mod confirm_address;
mod delete_account;
mod named_roles;
mod reset_mfa;
mod revoke_role;
mod roles;
mod sessions;
mod set_password;

pub use named_roles::MissingRole;
pub use roles::RoleError;

use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::names::{EmailAddress, Username};
use crate::password::Password;
use crate::ports::{Consequences, LoginName, Registration};
use crate::register::FIRST_ROLE;
use crate::service::Accounts;
use square_kernel::{Invalid, Unavailable};

/// An account that the operator makes for somebody.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub username: Username,
    /// The address, where there is one; the operator vouches for it.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: Password,
    /// Roles beyond the one that every account has.
    pub roles: Vec<String>,
}

/// Why the operator's account was not made. Unlike a stranger, the operator is told everything.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Another account has the name.
    #[error("the username is taken")]
    UsernameTaken,
    /// Another account has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// There is no role of that name, or it allows nothing.
    #[error("there is no role '{0}'")]
    NoSuchRole(String),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an operator's command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Nobody has that name or address.
    #[error("there is no such account")]
    NoSuchAccount,
    /// There is no role of that name.
    #[error("there is no role '{0}'")]
    NoSuchRole(String),
    /// What is to be set breaks its rules.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account that is confirmed at once; no letter is sent.
    pub async fn create(&self, new: NewUser, actor: &Actor) -> Result<Account, CreateError> {
        for role in new.roles.iter().filter(|role| *role != FIRST_ROLE) {
            if self.parts.store.permissions_of(role).await?.is_empty() {
                return Err(CreateError::NoSuchRole(role.clone()));
            }
        }
        let hash = self.parts.hasher.hash(&new.password).await?;
        let mut account = self.new_account(new.username, new.email, hash);
        account.confirmed_at = Some(account.created_at);
        account.roles.extend(new.roles);
        account.roles.sort_unstable();
        account.roles.dedup();
        let noted = self.noted(AuditAction::Registered, actor.clone(), account.id);
        match self.parts.store.register(&account, None, &noted).await? {
            Registration::Created(account) => Ok(*account),
            Registration::UsernameTaken => Err(CreateError::UsernameTaken),
            Registration::EmailTaken => Err(CreateError::EmailTaken),
        }
    }

    /// Adds a role to an account. Access tokens made before are good no more; the next refresh gives one that
    /// shows it.
    pub async fn grant_role(
        &self,
        login: &LoginName,
        role: &str,
        actor: &Actor,
    ) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        let now = self.now();
        let mut entry = self.entry(AuditAction::RoleGranted, actor.clone(), account.id);
        entry.detail = Some(role.to_owned());
        let noted = Consequences::noted(entry);
        if !self.parts.store.grant_role(account.id, role, now, &noted).await? {
            return Err(OperatorError::NoSuchRole(role.to_owned()));
        }
        let changed = self.named(login).await?;
        self.revocations.note_rights(changed.id, changed.rights, now);
        Ok(changed)
    }

    /// Suspends an account, which ends all its sessions, or readmits it.
    pub async fn set_suspended(
        &self,
        login: &LoginName,
        suspended: bool,
        actor: &Actor,
    ) -> Result<Account, OperatorError> {
        let (account, now) = (self.named(login).await?, self.now());
        let action = if suspended { AuditAction::Suspended } else { AuditAction::Readmitted };
        let noted = self.noted(action, actor.clone(), account.id);
        let ended = self.parts.store.set_suspended(account.id, suspended, now, &noted).await?;
        for session in ended.ok_or(OperatorError::NoSuchAccount)? {
            self.revocations.note(session, now);
        }
        self.named(login).await
    }

    async fn named(&self, login: &LoginName) -> Result<Account, OperatorError> {
        self.by_login(login).await?.ok_or(OperatorError::NoSuchAccount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Standing;
    use crate::ports::AccountStore;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use square_kernel::Clock;

    fn new_user(name: &str, roles: &[&str]) -> NewUser {
        let registration = TestAccounts::registration(name);
        NewUser {
            username: registration.username,
            email: registration.email,
            password: registration.password,
            roles: roles.iter().map(ToString::to_string).collect(),
        }
    }

    fn login(name: &str) -> LoginName {
        LoginName::Username(name.to_owned())
    }

    #[tokio::test]
    async fn an_account_is_made_confirmed_with_its_roles_and_without_a_letter() {
        let test = TestAccounts::default();
        let account = test
            .accounts
            .create(new_user("root", &["user", "admin", "admin"]), &Actor::default())
            .await
            .unwrap();
        assert_eq!(
            (&*account.roles, account.confirmed_at.is_some()),
            (&["admin".into(), "user".into()][..], true)
        );
        assert!(account.permissions.allow("get:users"));
        assert!(test.store.letters().is_empty());
        assert_eq!(test.sign_in("root").await.account, account);
        let addressless = NewUser { email: None, ..new_user("demo", &[]) };
        assert!(
            test.accounts.create(addressless, &Actor::default()).await.is_ok(),
            "whatever the policy asks of strangers"
        );
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_told() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let taken = test.accounts.create(new_user("ADA", &[]), &Actor::default()).await;
        assert!(matches!(taken, Err(CreateError::UsernameTaken)));
        let other = NewUser { email: Some(TestAccounts::email("ada")), ..new_user("other", &[]) };
        assert!(matches!(test.accounts.create(other, &Actor::default()).await, Err(CreateError::EmailTaken)));
        let unknown = test.accounts.create(new_user("bob", &["king"]), &Actor::default()).await;
        assert!(matches!(unknown, Err(CreateError::NoSuchRole(role)) if role == "king"));
        assert!(
            test.accounts.create(new_user("bob", &[]), &Actor::default()).await.is_ok(),
            "nothing was left behind"
        );
    }

    #[tokio::test]
    async fn a_role_is_granted_by_name_or_address() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let account = test
            .accounts
            .grant_role(&LoginName::Email(TestAccounts::email("ada")), "admin", &Actor::default())
            .await;
        assert!(account.unwrap().permissions.allow("get:users"));
        let unknown = test.accounts.grant_role(&login("ada"), "king", &Actor::default()).await;
        assert!(matches!(unknown, Err(OperatorError::NoSuchRole(role)) if role == "king"));
        let nobody = test.accounts.grant_role(&login("nobody"), "admin", &Actor::default()).await;
        assert!(matches!(nobody, Err(OperatorError::NoSuchAccount)));
    }

    #[tokio::test]
    async fn a_new_role_shows_at_once_and_tokens_that_do_not_show_it_are_good_no_more() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let before = test.sign_in("ada").await;
        test.accounts.grant_role(&login("ada"), "casting_assistant", &Actor::default()).await.unwrap();
        let stale = test.accounts.authenticate(before.tokens.access.expose());
        assert_eq!(stale.map(|_| ()), Err(crate::ports::TokenRejected::Expired));
        let after = test.accounts.refresh(&before.tokens.refresh, &Device::default()).await.unwrap();
        assert!(test.accounts.authenticate(after.tokens.access.expose()).unwrap().may("get:movies"));

        // What one has already changes nothing.
        test.accounts.grant_role(&login("ada"), "casting_assistant", &Actor::default()).await.unwrap();
        assert!(test.accounts.authenticate(after.tokens.access.expose()).is_ok());
    }

    #[tokio::test]
    async fn a_role_given_elsewhere_is_known_after_loading() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let before = test.sign_in("ada").await;
        let (user, now) = (before.account.id, test.clock.now());
        test.store.grant_role(user, "casting_assistant", now, &Consequences::default()).await.unwrap();
        assert!(test.accounts.authenticate(before.tokens.access.expose()).is_ok());
        test.accounts.load().await.unwrap();
        assert!(test.accounts.authenticate(before.tokens.access.expose()).is_err());
    }

    #[tokio::test]
    async fn suspending_bites_on_the_very_next_request_and_can_be_undone() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.register("bob").await;
        let (ada, bob) = (test.sign_in("ada").await, test.sign_in("bob").await);
        let suspended = test.accounts.set_suspended(&login("ada"), true, &Actor::default()).await.unwrap();
        assert_eq!(suspended.standing, Standing::Suspended);
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err());
        assert!(test.accounts.authenticate(bob.tokens.access.expose()).is_ok());

        let readmitted = test.accounts.set_suspended(&login("ada"), false, &Actor::default()).await.unwrap();
        assert_eq!(readmitted.standing, Standing::Active);
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err(), "what ended stays ended");
        test.sign_in("ada").await;

        let nobody = test.accounts.set_suspended(&login("nobody"), true, &Actor::default()).await;
        assert!(matches!(nobody, Err(OperatorError::NoSuchAccount)));
    }
}
