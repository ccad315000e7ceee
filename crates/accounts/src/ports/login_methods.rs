use super::identity::{ExternalIdentity, Grant, ShownText, Subject};
use super::{Asked, Caller, Consequences, CredentialChange, NewAccount};
use crate::account::Account;
use crate::names::EmailAddress;
use crate::social::Provider;
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SessionId, Unavailable, UserId};

square_kernel::id!(
    /// A way to sign in to an account by a provider.
    LoginMethodId
);

/// An identity about to become a way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLoginMethod {
    /// The identifier of the way to sign in.
    pub id: LoginMethodId,
    /// Where the identity is.
    pub provider: Provider,
    /// The identity.
    pub identity: ExternalIdentity,
    /// When.
    pub at: Timestamp,
}

/// A way to sign in to an account, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// Its identifier.
    pub id: LoginMethodId,
    /// Where the identity is.
    pub provider: Provider,
    /// Who it is there.
    pub subject: Subject,
    /// The address they are known by there.
    pub email: Option<EmailAddress>,
    /// The name they are called by there.
    pub name: ShownText,
    /// The public name they have there.
    pub user_name: ShownText,
    /// What the provider lets us do in their name.
    pub grant: Grant,
    /// Since when it is one.
    pub created_at: Timestamp,
}

/// All ways to sign in to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether it has a password.
    pub password: bool,
    /// Identities at providers, oldest first.
    pub identities: Vec<LinkedIdentity>,
}

/// A mailed link about to be stored, by which an identity becomes a way to sign in.
#[derive(Debug, Clone, Copy)]
pub struct NewSocialLink {
    /// What the link's token hashes to.
    pub digest: TokenDigest,
    /// The account: one that there is, or one that the link will make.
    pub user: UserId,
    /// Whether there is the account.
    pub exists: bool,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a mailed link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSocialLink {
    /// The account.
    pub user: UserId,
    /// Whether there was the account when the link was made.
    pub exists: bool,
    /// The identity that becomes a way to sign in.
    pub method: NewLoginMethod,
}

/// What became of making an account for an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocialRegistration {
    /// The account is made, with its roles, and the identity is its way to sign in.
    Created(Box<Account>),
    /// The link is not good, or not any more. In this and the cases below nothing was stored and nothing spent.
    LinkNotGood,
    /// The identity belongs to an account.
    IdentityTaken,
    /// Another account has the name.
    UsernameTaken,
    /// Another account has the address.
    EmailTaken,
}

/// What became of giving an account a way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linking {
    /// It has it.
    Linked {
        /// The account as it is now.
        account: Box<Account>,
        /// Sessions that ended with it.
        ended: Vec<SessionId>,
    },
    /// It had it before; what is stored of the identity was renewed, and `consequences` were not stored.
    Known(Box<Account>),
    /// The identity belongs to another account; nothing was stored.
    Elsewhere,
    /// The link is not good, or not any more, or the account is gone; nothing was stored.
    LinkNotGood,
}

/// On whose word an identity becomes a way to sign in to an account.
#[derive(Debug, Clone, Copy)]
pub enum LinkedBy<'a> {
    /// Of whoever has the mailbox: by a mailed link.
    Mailbox(&'a TokenDigest),
    /// Of whoever is signed in to it.
    Owner(Caller),
}

/// What became of taking a way to sign in away from an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlinking {
    /// It is gone, and with it the other sessions: somebody may have come by it.
    Removed(CredentialChange),
    /// It would have been the last one; nothing changed.
    LastWayIn,
    /// The account has no such way.
    Unknown,
}

/// Keeps who may sign in by what a provider says. Each method is one transaction. An identity (provider and subject) belongs
/// to one account at most, also under concurrency; stores keep grants sealed.
#[async_trait]
pub trait LoginMethodStore: Send + Sync {
    /// The account that an identity belongs to; what is stored of the identity is renewed along.
    async fn recognise(
        &self,
        provider: Provider,
        identity: &ExternalIdentity,
        at: Timestamp,
    ) -> Result<Option<Account>, Unavailable>;

    /// Makes an account whose way to sign in is `method`; where a link is given, it is spent with it, and of any number of
    /// calls with one link exactly one MUST make an account. Otherwise as
    /// [`AccountStore::register`](super::AccountStore::register).
    async fn register_by(
        &self,
        method: &NewLoginMethod,
        account: &NewAccount,
        link: Option<&TokenDigest>,
        consequences: &Consequences,
    ) -> Result<SocialRegistration, Unavailable>;

    /// Makes `method` a way to sign in to the account.
    ///
    /// Where a link is given, it MUST be one of this account, and is spent with it: of any number of calls with one link
    /// exactly one MUST get `Linked` or `Known`. Who used it has the account's mailbox, so its address counts as
    /// confirmed. Where it was not before, the account may have been made by anybody who knew the address: its password,
    /// its other ways to sign in and its sessions MUST end, its other mailed links be spent, and
    /// [`Account::credentials`](crate::Account::credentials) be counted up.
    async fn link(
        &self,
        user: UserId,
        method: &NewLoginMethod,
        by: LinkedBy<'_>,
        consequences: &Consequences,
    ) -> Asked<Linking>;

    /// Stores a link by which `method` becomes a way to sign in; `false`, and nothing stored, when its account is said to exist
    /// and is gone or has `at_most` good ones.
    async fn hold(
        &self,
        link: &NewSocialLink,
        method: &NewLoginMethod,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// What a link stands for, without spending it; `None` when it is unknown, spent, expired at `at` or for something else.
    async fn held(&self, digest: &TokenDigest, at: Timestamp) -> Result<Option<HeldSocialLink>, Unavailable>;

    /// All ways to sign in to an account; `None` when it is gone.
    async fn ways_in(&self, user: UserId) -> Result<Option<WaysIn>, Unavailable>;

    /// Takes a way to sign in away from the caller's account, unless it is the last one. All sessions but the caller's end, and
    /// [`Account::credentials`](crate::Account::credentials) is counted up.
    async fn unlink(
        &self,
        by: Caller,
        method: LoginMethodId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Unlinking>;
}
