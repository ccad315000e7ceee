//! What this crate needs from outside.

pub mod identity;

mod administration;
mod audit;
mod caller;
mod credentials;
mod letter_requests;
mod letter_shelf;
mod letters;
mod login_methods;
mod mfa;
mod passwords;
mod roles;
mod secrets;
mod session_list;
mod sessions;
mod signing;
mod signing_keys;

pub use administration::{ADMINISTER, Administration, Keep, Rights, RightsChange, UserFilter};
pub use audit::{AuditFilter, AuditLog, AuditPosition, PositionSyntax};
pub use caller::{Asked, CredentialChange};
pub use credentials::{AddressChange, CredentialStore};
pub use letter_requests::{LetterRequest, LetterRequestId, LetterRequests, RequestedLetter};
pub use letter_shelf::{Backlog, LetterShelf, ShelvedLetter};
pub use letters::{LetterQueue, PostError, Postman};
pub use login_methods::{
    HeldSocialLink, LinkedBy, LinkedIdentity, Linking, LoginMethodId, LoginMethodStore, NewLoginMethod,
    NewSocialLink, SocialRegistration, Unlinking, WaysIn,
};
pub use mfa::{
    AttemptBudget, AttemptKind, Attempted, MfaAttemptId, MfaStore, MfaSwitch, MfaSwitched, NewAttempt,
    NewOtpMethod, NewRecoveryCode, OtpMethod, OtpMethodId, OtpProof, RecoveryPass, RecoveryProof,
};
pub use passwords::{PasswordCheck, PasswordHasher};
pub use roles::{Role, RoleStore};
pub use secrets::{HeldSecret, NewSecret, OneTimeSecrets, Purpose};
pub use session_list::SessionList;
pub use sessions::{Rotation, SessionRecord, SessionStore};
pub use signing::{TokenRejected, TokenSigner};
pub use signing_keys::{KeyRing, SigningKeyError, SigningKeyStore, StoredSigningKey};
pub use square_kernel::{Caller, Overtaken};

use crate::account::{Account, LoginMethod};
use crate::audit::AuditEntry;
use crate::letter::{Letter, LetterId};
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::PasswordHash;
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SessionId, Unavailable, UserId};

/// An account about to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its identifier.
    pub id: UserId,
    /// Its public name.
    pub username: Username,
    /// Its address, where one is given.
    pub email: Option<EmailAddress>,
    /// First name; may be empty.
    pub first_name: PersonName,
    /// Last name; may be empty.
    pub last_name: PersonName,
    /// The hash of its password.
    pub password: PasswordHash,
    /// Set where the account counts as confirmed from the start.
    pub confirmed_at: Option<Timestamp>,
    /// How it came about.
    pub login_method: LoginMethod,
    /// Names of the roles it starts with.
    pub roles: Vec<String>,
    /// When.
    pub created_at: Timestamp,
}

/// A letter to be stored in the transaction of the change that causes it.
#[derive(Debug, Clone)]
pub struct NewLetter {
    /// Its identifier.
    pub id: LetterId,
    /// The letter.
    pub letter: Letter,
    /// When it was caused; it may be sent from then on.
    pub at: Timestamp,
}

/// What is stored with a change, in its transaction.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// Letters that it causes.
    pub letters: Vec<NewLetter>,
    /// What the audit log says of it.
    pub audit: Vec<AuditEntry>,
}

impl Consequences {
    /// Nothing.
    pub fn none() -> &'static Self {
        static NONE: Consequences = Consequences { letters: Vec::new(), audit: Vec::new() };
        &NONE
    }

    /// A letter.
    pub fn posted(letter: &NewLetter) -> Self {
        Self { letters: vec![letter.clone()], audit: Vec::new() }
    }

    /// An entry of the audit log, and no letter.
    pub fn noted(entry: AuditEntry) -> Self {
        Self { letters: Vec::new(), audit: vec![entry] }
    }

    /// The same, and a letter.
    #[must_use]
    pub fn with_letter(mut self, letter: Option<NewLetter>) -> Self {
        self.letters.extend(letter);
        self
    }
}

/// A confirmation secret to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewConfirmation {
    /// What the link's token hashes to.
    pub digest: TokenDigest,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// The account is made, with its roles.
    Created(Box<Account>),
    /// Another account has the name; nothing was stored. Wins over `EmailTaken` when both apply, so that a
    /// taken name cannot be used to find out about an address.
    UsernameTaken,
    /// Another account has the address; nothing was stored.
    EmailTaken,
}

/// How somebody names their account at sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginName {
    /// By public name, in its comparison form ([`Username::key`]).
    Username(String),
    /// By address.
    Email(EmailAddress),
}

/// Keeps accounts, their roles, confirmation secrets and letters. Each method is one transaction.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes an account, stores `confirmation` and `consequences` with it; all of it or nothing. Names (by
    /// [`Username::key`]) and addresses MUST stay unique, also under concurrency. Roles that do not exist
    /// MUST be an error.
    async fn register(
        &self,
        account: &NewAccount,
        confirmation: Option<&NewConfirmation>,
        consequences: &Consequences,
    ) -> Result<Registration, Unavailable>;

    /// Stores letters and notes that no other change goes with.
    async fn record(&self, consequences: &Consequences) -> Result<(), Unavailable>;

    /// One account.
    async fn by_id(&self, id: UserId) -> Result<Option<Account>, Unavailable>;

    /// The account that somebody names at sign-in, with the hash of its password.
    async fn credentials(&self, login: &LoginName) -> Result<Option<(Account, PasswordHash)>, Unavailable>;

    /// The account with an address.
    async fn by_email(&self, email: &EmailAddress) -> Result<Option<Account>, Unavailable>;

    /// Spends a confirmation secret, and all others of its account, confirms the account's address at
    /// `at` and stores `consequences`. Changes of an address that was not confirmed before are dropped with it: whoever asked for them
    /// need not have had the mailbox. Of any number of calls with one secret exactly one MUST get the account; the others, and those
    /// with a secret that is unknown or expired at `at` or belongs to another account than `user` (where
    /// given), get `None`, and nothing is stored. A secret has expired from its `expires_at` on.
    async fn confirm(
        &self,
        digest: &TokenDigest,
        user: Option<UserId>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Account>, Unavailable>;

    /// Stores a further confirmation secret, made at `at`, and its letter for an account that is not confirmed yet; `false`,
    /// and nothing stored, when it is confirmed or gone or has `at_most` secrets already that are good
    /// at that moment. Earlier secrets stay good until they expire.
    async fn renew_confirmation(
        &self,
        user: UserId,
        confirmation: &NewConfirmation,
        at_most: u32,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Puts `new` in the place of `old`; `false` when the hash is no longer `old`.
    async fn upgrade_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, Unavailable>;

    /// Adds a role to an account; `false` when account or role does not exist. Unless the account had the role
    /// already, [`Account::rights`] MUST be counted up with it, as changed at `at`.
    async fn grant_role(
        &self,
        user: UserId,
        role: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Accounts whose rights changed at or after `since`: [`Account::rights`] as it is now, and the moment of the
    /// last change.
    async fn rights_changed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(UserId, u32, Timestamp)>, Unavailable>;

    /// Suspends or readmits an account; suspending also ends its sessions at `at` and returns their ids.
    /// `None` when there is no such account.
    async fn set_suspended(
        &self,
        user: UserId,
        suspended: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Vec<SessionId>>, Unavailable>;

    /// The permissions (`verb:thing`) of a role; empty when there is no such role.
    async fn permissions_of(&self, role: &str) -> Result<Vec<String>, Unavailable>;
}
