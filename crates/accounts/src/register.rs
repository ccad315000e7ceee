use crate::account::{Account, LoginMethod, Standing};
use crate::letter::Occasion;
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::{Password, PasswordHash};
use crate::ports::{NewAccount, Registration};
use crate::service::Accounts;
use square_kernel::{Invalid, Permissions, Unavailable, UserId};

/// The role that every account starts with.
pub(crate) const FIRST_ROLE: &str = "user";

/// What somebody registers with.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// The name to be known by.
    pub username: Username,
    /// The address; may be left out where the policy does not ask for one.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: Password,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address is missing.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Somebody else has the name; names are public, so this may be told.
    #[error("the username is taken")]
    UsernameTaken,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account and has its address confirmed by letter.
    ///
    /// Where the address has an account already the result is the same, save that nobody can sign in to the
    /// account returned; the address' owner is told by letter. An account without an address counts as confirmed.
    pub async fn register(&self, new: NewRegistration) -> Result<Account, RegisterError> {
        if new.email.is_none() && self.parts.policy.email_required {
            return Err(Invalid::field("email", "must not be empty").into());
        }
        // First of all, so that a known and an unknown address cost the same time.
        let hash = self.parts.hasher.hash(&new.password).await?;
        let account = self.new_account(new.username, new.email, hash);
        self.enrol(&account).await?.ok_or(RegisterError::UsernameTaken)
    }

    /// An account about to be made, with the first role and empty names.
    pub(crate) fn new_account(
        &self,
        username: Username,
        email: Option<EmailAddress>,
        password: PasswordHash,
    ) -> NewAccount {
        let now = self.now();
        NewAccount {
            id: UserId::new(&*self.parts.clock, &*self.parts.randomness),
            username,
            confirmed_at: email.is_none().then_some(now),
            email,
            first_name: PersonName::default(),
            last_name: PersonName::default(),
            password,
            login_method: LoginMethod::Signup,
            roles: vec![FIRST_ROLE.to_owned()],
            created_at: now,
        }
    }

    /// Stores an account with the letter that goes to its address. `None` when the name is taken.
    pub(crate) async fn enrol(&self, new: &NewAccount) -> Result<Option<Account>, Unavailable> {
        let link = new.email.as_ref().map(|to| self.new_confirmation(new.id, &new.username, to));
        let (confirmation, letter) = link.as_ref().map(|(secret, letter)| (secret, letter)).unzip();
        match self.parts.store.register(new, confirmation, letter).await? {
            Registration::Created(account) => Ok(Some(*account)),
            Registration::UsernameTaken => Ok(None),
            Registration::EmailTaken => self.pretend(new).await.map(Some),
        }
    }

    /// Writes to the address' owner and gives back what a fresh registration would have given.
    async fn pretend(&self, new: &NewAccount) -> Result<Account, Unavailable> {
        if let Some(email) = &new.email
            && let Some(owner) = self.parts.store.by_email(email).await?
        {
            let letter = self.new_letter(email, &owner.username, Occasion::AlreadyRegistered);
            self.parts.store.post(&letter).await?;
        }
        let permissions = self.parts.store.permissions_of(FIRST_ROLE).await?;
        Ok(new.as_account(permissions.iter().map(String::as_str).collect()))
    }
}

impl NewAccount {
    /// The account that this becomes, where its roles allow `permissions`.
    pub(crate) fn as_account(&self, permissions: Permissions) -> Account {
        let mut roles = self.roles.clone();
        roles.sort_unstable();
        roles.dedup();
        Account {
            id: self.id,
            username: self.username.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            standing: Standing::Active,
            confirmed_at: self.confirmed_at,
            login_method: self.login_method,
            roles: roles.into(),
            permissions,
            created_at: self.created_at,
        }
    }
}
