//! What this crate needs from outside.

pub mod identity;

mod administration;
mod audit;
mod credentials;
mod letter_requests;
mod letter_shelf;
mod limits;
mod login_methods;
mod mfa;
mod roles;
mod secrets;
mod session_list;

pub use administration::{ADMINISTER, Administration, Keep, Rights, RightsChange, UserFilter};
pub use audit::{AuditFilter, AuditLog, AuditPosition, PositionSyntax};
pub use credentials::{AddressChange, CredentialStore};
pub use letter_requests::{LetterRequest, LetterRequestId, LetterRequests, RequestedLetter};
pub use letter_shelf::{Backlog, LetterShelf, ShelvedLetter};
pub use limits::{Charge, LimitKey, Limits, Quota, Spent};
pub use login_methods::{
    HeldSocialLink, LinkedIdentity, Linking, LoginMethodId, LoginMethodStore, NewLoginMethod, NewSocialLink,
    SocialRegistration, Unlinking, WaysIn,
};
pub use mfa::{
    AttemptBudget, AttemptKind, Attempted, MfaAttemptId, MfaStore, MfaSwitch, MfaSwitched, NewAttempt,
    NewOtpMethod, NewRecoveryCode, OtpMethod, OtpMethodId, OtpProof, RecoveryPass, RecoveryProof,
};
pub use roles::{Role, RoleStore};
pub use secrets::{HeldSecret, NewSecret, OneTimeSecrets, Purpose};
pub use session_list::SessionList;

use crate::account::{Account, LoginMethod};
use crate::audit::AuditEntry;
use crate::letter::{ClaimedLetter, Letter, LetterId};
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::{Password, PasswordHash};
use crate::tokens::{AccessClaims, TokenDigest};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Sealed, Secret, SessionId, Unavailable, UserId};
use std::sync::Arc;

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
    /// `at` and stores `consequences`. Of any number of calls with one secret exactly one MUST get the account; the others, and those
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

/// A signed-in session as it is stored. Its tokens are not: they are derived from `id` and `generation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its identifier.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How often its refresh token was rotated; the current refresh token belongs to this number.
    pub generation: u32,
    /// When the current generation began.
    pub rotated_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// From this moment on it cannot be refreshed.
    pub expires_at: Timestamp,
    /// Where it has an end that no refreshing moves: `expires_at` never lies behind it.
    pub ends_at: Option<Timestamp>,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// Whether the second factor was given when it was opened.
    pub second_factor: bool,
    /// The address it was opened from, where known.
    pub address: Option<String>,
    /// The user agent it was opened with, where known; at most 200 characters.
    pub agent: Option<String>,
}

/// What became of rotating a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The session is at the next generation now, as given.
    Rotated(SessionRecord),
    /// Nothing changed: it is at another generation than the caller's, has ended or has expired.
    Stale(SessionRecord),
    /// There is no such session.
    Unknown,
}

/// Keeps sessions. Each method is one transaction.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new session with `consequences`; `false`, and nothing stored, when its account is gone or suspended or asks
    /// for a second factor that was not given.
    async fn open(&self, session: &SessionRecord, consequences: &Consequences) -> Result<bool, Unavailable>;

    /// One session, live or not.
    async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable>;

    /// Moves a session that is at generation `from`, has not ended and not expired at `at`, to `from + 1`,
    /// setting `rotated_at` to `at` and `expires_at` as given, or to its `ends_at` where that comes before. Of any number of calls with one `from` exactly
    /// one MUST get `Rotated`.
    async fn rotate(
        &self,
        session: SessionId,
        from: u32,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, Unavailable>;

    /// Ends a session; `false`, and nothing stored, when it had ended or does not exist.
    async fn end(
        &self,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Sessions that ended at or after `since`, with the moment of their end.
    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable>;

    /// Deletes sessions that expired before `before`, ended or not, `at_most` of them, and tells how many.
    async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

/// The queue of stored letters, as the one who sends them sees it.
#[async_trait]
pub trait LetterQueue: Send + Sync {
    /// Takes the oldest letter that is due at `now` and hides it from others until `lease_until`. Of any
    /// number of concurrent calls, each letter MUST go to one only. Every claim counts as an attempt, also one
    /// whose outcome was never noted, so that a letter which kills its process is given up in the end.
    async fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedLetter>, Unavailable>;

    /// Notes that it was sent, and forgets its content. Whatever else is noted of it later MUST change nothing:
    /// who sends takes longer than the lease at times, and another one has sent it by then.
    async fn sent(&self, id: LetterId, at: Timestamp) -> Result<(), Unavailable>;

    /// Notes a failed attempt; the letter is due again at `retry_at`.
    async fn retry(&self, id: LetterId, retry_at: Timestamp, reason: &str) -> Result<(), Unavailable>;

    /// Gives up on it: it stays stored, set aside, until somebody looks. [`Self::retry`] MUST NOT bring it back.
    async fn set_aside(&self, id: LetterId, at: Timestamp, reason: &str) -> Result<(), Unavailable>;

    /// Deletes letters that were sent before `before`, `at_most` of them, and tells how many.
    async fn forget_sent(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

/// Why a letter did not leave; the text is for the operator and holds no content of the letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Trying again later may help.
    #[error("{0}")]
    Temporary(String),
    /// Trying again will not help: the address or the letter is refused for good.
    #[error("{0}")]
    Permanent(String),
}

/// Carries letters.
#[async_trait]
pub trait Postman: Send + Sync {
    /// Hands the letter over to whoever delivers it.
    async fn send(&self, id: LetterId, letter: &Letter) -> Result<(), PostError>;
}

/// What a password check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is another password.
    Wrong,
    /// It is the password.
    Right {
        /// Whether the hash was made with settings that are no longer the current ones.
        outdated: bool,
    },
}

/// Hashes passwords. Slow on purpose; MUST NOT block the caller's thread.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password to be set.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable>;

    /// Checks what somebody typed against a hash. MUST take as long when it is wrong as when it is right.
    async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable>;

    /// A hash that no password matches and that takes as long to check as a real one: for names that have no
    /// account.
    fn decoy(&self) -> PasswordHash;
}

/// An access token that must not be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejected {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It never was: altered, of another kind, from elsewhere, or no token at all.
    #[error("the token is not valid")]
    Invalid,
}

/// Signs and verifies access tokens.
pub trait TokenSigner: Send + Sync {
    /// Signs. Equal claims MUST give equal tokens while the signing key is the same.
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable>;

    /// Verifies signature, kind, issuer, audience and, at `now`, the times.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected>;

    /// The public keys as a JSON Web Key Set (RFC 7517), as JSON text; an empty set where there are none.
    fn jwks(&self) -> Arc<str>;
}

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// Its `kid`.
    pub id: String,
    /// The private key in PKCS#8, sealed for [`StoredSigningKey::PURPOSE`].
    pub private: Sealed,
    /// When it was made; the newest signs, the others only verify.
    pub created_at: Timestamp,
}

impl StoredSigningKey {
    /// What signing keys are sealed for.
    pub const PURPOSE: &'static str = "signing-key";
}

/// Keeps signing keys.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// All keys, newest first.
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable>;

    /// Stores the first key. When there is one already, nothing is stored: of several instances that start at
    /// once one wins, and all then load the same key.
    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable>;
}
