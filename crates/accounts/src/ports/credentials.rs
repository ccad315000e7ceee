use super::{Asked, Caller, Consequences, CredentialChange, NewSecret, SessionRecord};
use crate::account::Account;
use crate::names::{EmailAddress, PersonName};
use crate::password::PasswordHash;
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

/// What became of confirming another address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressChange {
    /// It is the account's from now on.
    Changed(Box<Account>),
    /// Another account has it by now. The secret is spent, and nothing else was stored.
    Taken,
    /// The secret is not good, or not any more; nothing was stored.
    LinkNotGood,
}

/// Changes what an account's owner may change of it, up to its end. Each method is one transaction.
#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// An account with the hash of its password.
    async fn own_credentials(&self, user: UserId) -> Result<Option<(Account, PasswordHash)>, Unavailable>;

    /// Spends a secret for [`Purpose::ResetPassword`](super::Purpose::ResetPassword) of `user`, sets the password, ends all
    /// sessions of the account and gives those that had not ended. Of any number of calls with one secret exactly one MUST get
    /// them; the others, and those with a secret that is unknown, expired at `at` or another account's, get `None`, and nothing is stored.
    ///
    /// With it go the account's other such secrets, challenges that the old password led to, changes of its address that nobody
    /// has confirmed, and a second factor that was not switched on; [`Account::credentials`] is counted up.
    ///
    /// Who used the secret has the mailbox, so the address counts as confirmed. Where it was not before, the account may
    /// have been made by anybody who knew the address: its other ways to sign in and its second factor MUST end. So MUST those of a
    /// confirmed account that were set up before [`Account::unproved_until`].
    async fn reset_password(
        &self,
        digest: &TokenDigest,
        user: UserId,
        password: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<CredentialChange>, Unavailable>;

    /// Puts `new` in the place of `old` and ends all sessions but the caller's, or all where the operator does it; `None`, and nothing
    /// stored, when the hash is no longer `old`. What the old password led to goes as with [`Self::reset_password`].
    async fn change_password(
        &self,
        user: UserId,
        by: Option<Caller>,
        old: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<CredentialChange>>;

    /// Stores a secret for [`Purpose::ChangeEmail`](super::Purpose::ChangeEmail) in the place of all others of its account: the
    /// link in a letter to an address that was mistyped must not be good any more. `false`, and nothing stored, when the account is gone.
    async fn ask_for_address(
        &self,
        secret: &NewSecret,
        by: Caller,
        consequences: &Consequences,
    ) -> Asked<bool>;

    /// Spends a secret for [`Purpose::ChangeEmail`](super::Purpose::ChangeEmail) of `user` and makes `new` the account's
    /// address, confirmed at `at`; links that were mailed to the old one are spent with it. Of any number of calls with one
    /// secret exactly one MUST spend it. Addresses MUST stay unique, also under concurrency.
    async fn change_address(
        &self,
        digest: &TokenDigest,
        user: UserId,
        new: &EmailAddress,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<AddressChange, Unavailable>;

    /// Sets the caller's first and last name. Where they are so already nothing is stored. `None` when the account is gone.
    async fn rename(
        &self,
        by: Caller,
        first_name: &PersonName,
        last_name: &PersonName,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Account>>;

    /// Its sessions, ended and expired ones included, newest first.
    async fn all_sessions(
        &self,
        user: UserId,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable>;

    /// Deletes an account and all that belongs to it: roles, ways to sign in, second factor, secrets, letters that have not left,
    /// and whatever else it owns. `consequences` are stored. Of its questions, of which there may be very many, some MAY be left for
    /// [`Self::forget_departed`]; nobody MUST be able to read them as its owner. Entries of the audit log stay, but where
    /// they say from where its owner did something, that is erased, those of `consequences` included.
    ///
    /// Gives the sessions that had not ended; `None`, and nothing stored, when the account is gone.
    /// [`SessionStore::ended_since`](super::SessionStore::ended_since) MUST go on telling of its sessions: access tokens of theirs may
    /// not have expired.
    async fn delete_account(
        &self,
        user: UserId,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Vec<SessionId>>>;

    /// Deletes `at_most` of the questions that deleted accounts have left, with their answers, and tells how many it found: fewer only where there
    /// are no more, whoever else does this at the same time. Those that are under way are given up. What is left of them MUST be found also
    /// by another process, and so MUST what is stored within an hour of the deletion, since it was taken before.
    async fn forget_departed(&self, at: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}
