use crate::audit::{Actor, AuditAction, AuditEntry, AuditId};
use crate::limits::LimitPolicy;
use crate::ports::identity::IdentityProvider;
use crate::ports::{
    AccountStore, AuditLog, Consequences, MfaStore, OneTimeSecrets, PasswordHasher, SessionStore, TokenSigner,
};
use crate::ports::{Administration, RoleStore};
use crate::ports::{CredentialStore, LoginMethodStore};
use crate::ports::{LetterRequests, SessionList};
use crate::revocations::Revocations;
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Clock, KeyedHash, Permissions, Randomness, Unavailable, UserId};
use square_limits::ports::Limits;
use std::sync::{Arc, PoisonError, RwLock};

/// What [`Accounts`] is made of.
pub struct AccountsParts {
    /// Keeps accounts.
    pub store: Arc<dyn AccountStore>,
    /// Changes what owners may change of their accounts.
    pub credentials: Arc<dyn CredentialStore>,
    /// Keeps sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Keeps them as their owners see them.
    pub session_list: Arc<dyn SessionList>,
    /// Keeps count of what may not be tried too often.
    pub limits: Arc<dyn Limits>,
    /// Keeps what letters strangers asked for.
    pub letter_requests: Arc<dyn LetterRequests>,
    /// Keeps secrets that are good once.
    pub secrets: Arc<dyn OneTimeSecrets>,
    /// Keeps second factors.
    pub mfa: Arc<dyn MfaStore>,
    /// Reads the audit log.
    pub audit: Arc<dyn AuditLog>,
    /// Keeps accounts as administrators see them.
    pub administration: Arc<dyn Administration>,
    /// Keeps roles.
    pub roles: Arc<dyn RoleStore>,
    /// Keeps who may sign in by what a provider says.
    pub login_methods: Arc<dyn LoginMethodStore>,
    /// Providers of identities; those that are left out are off.
    pub identity_providers: Vec<Arc<dyn IdentityProvider>>,
    /// Hashes and checks passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs and verifies access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Derives refresh tokens.
    pub keyed_hash: Arc<dyn KeyedHash>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers and secrets come from.
    pub randomness: Arc<dyn Randomness>,
    /// What the operator has chosen.
    pub policy: AccountPolicy,
}

/// What the operator chooses about accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPolicy {
    /// How long an access token is good.
    pub access_token_lifetime: SignedDuration,
    /// How long a session lives without being refreshed.
    pub session_lifetime: SignedDuration,
    /// How long a session lives at most, however often it is refreshed.
    pub longest_session: SignedDuration,
    /// How often what may be tried.
    pub limits: LimitPolicy,
    /// How long the link in a confirmation letter is good.
    pub confirmation_lifetime: SignedDuration,
    /// How long the link that sets a new password is good.
    pub reset_lifetime: SignedDuration,
    /// How long the link that confirms another address is good.
    pub email_change_lifetime: SignedDuration,
    /// Whether one needs an e-mail address to register.
    pub email_required: bool,
    /// The role whose permissions everybody has, signed in or not; `anonymous` unless the operator is generous.
    pub anonymous_role: String,
    /// Whether signing in by a provider has to be begun at this server.
    pub social_state_required: bool,
    /// What authenticator apps show beside the account's name.
    pub mfa_issuer: String,
    /// Roles that count only for those who have a second factor.
    pub mfa_required_roles: Vec<String>,
    /// How long entries of the audit log are kept.
    pub audit_kept: SignedDuration,
}

/// The use cases on accounts. Share it behind an `Arc`.
pub struct Accounts {
    pub(crate) parts: AccountsParts,
    pub(crate) revocations: Arc<Revocations>,
    /// What anybody may do, as last loaded.
    pub(crate) everybody: RwLock<Permissions>,
}

impl Accounts {
    /// Puts the use cases on their parts. [`Self::load`] is to be called before the first request.
    pub fn new(parts: AccountsParts) -> Self {
        let revocations = Arc::new(Revocations::new(parts.policy.access_token_lifetime));
        Self { parts, revocations, everybody: RwLock::default() }
    }

    /// Loads what [`Self::authenticate`] and [`Self::anonymous`] answer from: the ended sessions and changed rights
    /// of which there may still be live access tokens, and the permissions of everybody.
    ///
    /// Called again it reads only what has happened of late, wherever that was; calling it every half second makes
    /// a sign-out or a new role in another process hold here within a second.
    pub async fn load(&self) -> Result<(), Unavailable> {
        let now = self.now();
        let ended = self.parts.sessions.ended_since(self.revocations.unread_since(now)).await?;
        let changed = self.parts.store.rights_changed_since(self.revocations.unread_since(now)).await?;
        self.revocations.absorb(ended, changed, now);
        let permissions = self.parts.store.permissions_of(&self.parts.policy.anonymous_role).await?;
        let permissions = permissions.iter().map(String::as_str).collect();
        *self.everybody.write().unwrap_or_else(PoisonError::into_inner) = permissions;
        Ok(())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// What the audit log will say of something that happens now.
    pub(crate) fn entry(&self, action: AuditAction, actor: Actor, user: UserId) -> AuditEntry {
        let Actor { user: by, device } = actor;
        AuditEntry {
            id: AuditId::new(&*self.parts.clock, &*self.parts.randomness),
            at: self.now(),
            action,
            actor: Actor { user: by, device: device.clipped() },
            user: Some(user),
            detail: None,
        }
    }

    /// The same, and nothing else, as what a change leads to.
    pub(crate) fn noted(&self, action: AuditAction, actor: Actor, user: UserId) -> Consequences {
        Consequences::noted(self.entry(action, actor, user))
    }
}

/// So many rows are deleted by one transaction, so that others get their turn in between.
const BATCH: u32 = 500;

/// Calls `forget` with the most rows to delete until it has deleted fewer; tells how many it were in all.
pub(crate) async fn in_batches<F>(forget: impl Fn(u32) -> F) -> Result<u32, Unavailable>
where
    F: Future<Output = Result<u32, Unavailable>>,
{
    let mut all = 0_u32;
    loop {
        let forgotten = forget(BATCH).await?;
        all = all.saturating_add(forgotten);
        if forgotten < BATCH {
            return Ok(all);
        }
    }
}

/// `at` plus `by`, or the end of time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `at` minus `by`, or the beginning of time.
pub(crate) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
