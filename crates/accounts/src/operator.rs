use crate::account::Account;
use crate::names::{EmailAddress, Username};
use crate::password::Password;
use crate::ports::{LoginName, Registration};
use crate::register::FIRST_ROLE;
use crate::service::Accounts;
use square_kernel::Unavailable;

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
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account that is confirmed at once; no letter is sent.
    pub async fn create(&self, new: NewUser) -> Result<Account, CreateError> {
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
        match self.parts.store.register(&account, None, None).await? {
            Registration::Created(account) => Ok(*account),
            Registration::UsernameTaken => Err(CreateError::UsernameTaken),
            Registration::EmailTaken => Err(CreateError::EmailTaken),
        }
    }

    /// Adds a role to an account. It shows in tokens from the next refresh on.
    pub async fn grant_role(&self, login: &LoginName, role: &str) -> Result<Account, OperatorError> {
        let account = self.named(login).await?;
        if self.parts.store.grant_role(account.id, role).await? {
            self.named(login).await
        } else {
            Err(OperatorError::NoSuchRole(role.to_owned()))
        }
    }

    /// Suspends an account, which ends all its sessions, or readmits it.
    pub async fn set_suspended(&self, login: &LoginName, suspended: bool) -> Result<Account, OperatorError> {
        let (account, now) = (self.named(login).await?, self.now());
        let ended = self.parts.store.set_suspended(account.id, suspended, now).await?;
        for session in ended.ok_or(OperatorError::NoSuchAccount)? {
            self.revocations.note(session, now);
        }
        self.named(login).await
    }

    async fn named(&self, login: &LoginName) -> Result<Account, OperatorError> {
        let found = self.parts.store.credentials(login).await?;
        found.map(|(account, _)| account).ok_or(OperatorError::NoSuchAccount)
    }
}
