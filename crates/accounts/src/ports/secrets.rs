use super::{Consequences, NewConfirmation};
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Secret, Unavailable, UserId};

macro_rules! purposes {
    ($($(#[$doc:meta])* $purpose:ident = $word:literal,)+) => {
        /// What a one-time secret is good for. One for something else is as good as none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Purpose {
            $($(#[$doc])* $purpose,)+
        }

        impl Purpose {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$purpose),+];

            /// Its name in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$purpose => $word,)+
                }
            }
        }
    };
}

purposes! {
    /// Confirms the address that an account was made with.
    Confirm = "confirm",
    /// Sets a new password.
    ResetPassword = "reset_password",
    /// Makes the address in its payload the account's.
    ChangeEmail = "change_email",
    /// Stands between password and second factor.
    Mfa = "mfa",
    /// Links the identity in its payload to the account.
    LinkSocial = "link_social",
    /// Ties a provider's reply to the browser that was sent there.
    SocialState = "social_state",
}

/// A one-time secret to be stored.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// What it hashes to.
    pub digest: TokenDigest,
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose it is, where it belongs to an account.
    pub user: Option<UserId>,
    /// What it carries; stores keep it sealed.
    pub payload: Option<Secret>,
    /// How many attempts it allows.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// From this moment on it is good no more.
    pub expires_at: Timestamp,
}

/// A one-time secret that is good.
#[derive(Debug, Clone)]
pub struct HeldSecret {
    /// Whose it is, where it belongs to an account.
    pub user: Option<UserId>,
    /// What it carries.
    pub payload: Option<Secret>,
    /// How many attempts are left.
    pub attempts_left: u32,
}

/// Keeps secrets that are good once. Each method is one transaction. What spends a secret together with another change is a
/// method of the port that keeps what changes.
#[async_trait]
pub trait OneTimeSecrets: Send + Sync {
    /// Stores one; `false`, and nothing stored, when its account is gone or has `at_most` good ones for its purpose at the
    /// moment of its making.
    async fn issue(
        &self,
        secret: &NewSecret,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// What a secret is, without spending it; `None` when it is unknown, spent, expired at `at` or for another purpose.
    async fn look(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable>;

    /// The newest secret of an account for one purpose that is good at `at`, without spending it.
    async fn newest_secret(
        &self,
        user: UserId,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable>;

    /// Uses up one of its attempts and gives what it is, with the attempts that are left after this one; `None` when it is
    /// not good or has none left. Of any number of calls at most as many as it allows MUST succeed.
    async fn attempt(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable>;

    /// Spends one and stores `consequences`; of any number of calls exactly one MUST get it, the others `None` and nothing is stored.
    async fn spend(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<HeldSecret>, Unavailable>;

    /// Deletes those that expired before `before`, `at_most` of them, and tells how many.
    async fn forget_expired_secrets(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}

impl NewSecret {
    /// A confirmation secret of `user`, as any other is stored.
    pub fn confirming(user: UserId, confirmation: &NewConfirmation, at: Timestamp) -> Self {
        Self {
            digest: confirmation.digest,
            purpose: Purpose::Confirm,
            user: Some(user),
            payload: None,
            attempts: 1,
            created_at: at,
            expires_at: confirmation.expires_at,
        }
    }
}
