use super::memory_letters::StoredLetter;
use super::memory_login_methods::StoredMethod;
use super::memory_mfa::MfaState;
use super::memory_secrets::StoredSecret;
use crate::account::{Account, Standing};
use crate::audit::AuditEntry;
use crate::letter::Letter;
use crate::names::EmailAddress;
use crate::password::PasswordHash;
use crate::ports::HeldSocialLink;
use crate::ports::{
    AccountStore, Caller, Consequences, LoginName, NewAccount, NewConfirmation, Registration,
};
use crate::ports::{LetterRequest, NewSecret, Purpose, SessionRecord, StoredSigningKey};
use crate::tokens::{MailToken, TokenDigest};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Permissions, SessionId, Unavailable, UserId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

/// All that accounts store, in memory behind one lock, so that each call is one transaction.
///
/// Begins with the roles of the first migration and no account.
pub struct MemoryAccounts(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) roles: BTreeMap<String, Vec<String>>,
    pub(super) accounts: Vec<(Account, PasswordHash)>,
    pub(super) rights_changed: HashMap<UserId, (u32, Timestamp)>,
    pub(super) secrets: HashMap<TokenDigest, StoredSecret>,
    pub(super) mfa: MfaState,
    pub(super) sessions: BTreeMap<SessionId, SessionRecord>,
    /// Of accounts that are gone.
    pub(super) ended_sessions: BTreeMap<SessionId, SessionRecord>,
    pub(super) letters: Vec<StoredLetter>,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) keys: Vec<StoredSigningKey>,
    pub(super) login_methods: Vec<StoredMethod>,
    pub(super) social_links: HashMap<TokenDigest, HeldSocialLink>,
    pub(super) letter_requests: Vec<(LetterRequest, Timestamp)>,
    /// How many each has asked.
    pub(super) questions: HashMap<UserId, u32>,
}

/// The roles of the first migration, as far as tests lean on them.
const ROLES: [(&str, &[&str]); 6] = [
    ("admin", &["delete:users", "get:audit", "get:users", "patch:users"]),
    ("anonymous", &[]),
    ("casting_assistant", &["get:actors", "get:movies"]),
    ("casting_director", &["get:actors", "get:movies", "post:actors"]),
    ("executive_producer", &["get:actors", "get:movies", "post:actors", "post:movies"]),
    ("user", &[]),
];

impl Default for MemoryAccounts {
    fn default() -> Self {
        let memory = Self(Mutex::default());
        for (role, permissions) in ROLES {
            memory.set_role(role, permissions);
        }
        memory
    }
}

impl MemoryAccounts {
    /// Makes a role, or changes what it allows.
    pub fn set_role(&self, role: &str, permissions: &[&str]) {
        let permissions = permissions.iter().map(ToString::to_string).collect();
        self.state().roles.insert(role.to_owned(), permissions);
    }

    /// The letters stored so far, oldest first, sent or not.
    pub fn letters(&self) -> Vec<Letter> {
        self.state().letters.iter().map(|stored| stored.letter.clone()).collect()
    }

    /// The secret in the newest letter that carries one.
    pub fn mailed_token(&self) -> Option<MailToken> {
        self.letters().into_iter().rev().find_map(|letter| letter.occasion.token().cloned())
    }

    /// The entries of the audit log, oldest first.
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.state().audit.clone()
    }

    /// Makes an account one whose address was never confirmed.
    pub fn unconfirm(&self, user: UserId) {
        if let Some((account, _)) = self.state().get_mut(user) {
            (account.confirmed_at, account.unproved_until) = (None, None);
        }
    }

    /// Makes an account one that has asked so many questions.
    pub fn has_asked(&self, user: UserId, questions: u32) {
        self.state().questions.insert(user, questions);
    }

    /// How many questions of an account there are, be it deleted or not.
    pub fn questions_of(&self, user: UserId) -> u32 {
        self.state().questions.get(&user).copied().unwrap_or_default()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    pub(super) fn permissions(&self, roles: &[String]) -> Permissions {
        let held = roles.iter().filter_map(|role| self.roles.get(role)).flatten();
        held.map(String::as_str).collect()
    }

    /// The account as it reads now: what its roles allow is looked up, not remembered.
    pub(super) fn read(&self, account: &Account) -> Account {
        Account { permissions: self.permissions(&account.roles), ..account.clone() }
    }

    pub(super) fn find(&self, matches: impl Fn(&Account) -> bool) -> Option<&(Account, PasswordHash)> {
        self.accounts.iter().find(|(account, _)| matches(account))
    }

    /// Whether whoever asks is still signed in, and may do what they might when they asked.
    pub(super) fn is_current(&self, by: Caller) -> bool {
        let session = self.sessions.get(&by.session);
        let live = session.is_some_and(|session| session.user == by.user && session.ended_at.is_none());
        let as_asked =
            |account: &Account| account.id == by.user && account.rights == by.rights && account.is_active();
        live && self.find(as_asked).is_some()
    }

    /// Has whoever began to sign in before this come too late.
    pub(super) fn count_credentials(&mut self, user: UserId) -> u32 {
        let Some((account, _)) = self.get_mut(user) else { return 0 };
        account.credentials += 1;
        account.credentials
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut (Account, PasswordHash)> {
        self.accounts.iter_mut().find(|(account, _)| account.id == user)
    }

    /// Confirms an address where it was not before, and drops what somebody asked for who need not have had the mailbox; whether it was
    /// not.
    pub(super) fn confirm_address(&mut self, user: UserId, at: Timestamp) -> bool {
        let Some((account, _)) = self.get_mut(user) else { return false };
        if account.confirmed_at.is_some() {
            return false;
        }
        (account.confirmed_at, account.unproved_until) = (Some(at), Some(at));
        self.drop_secrets(user, Purpose::ChangeEmail);
        true
    }

    fn confirmable(&mut self, user: UserId, confirmation: &NewConfirmation, at: Timestamp) {
        let secret = NewSecret::confirming(user, confirmation, at);
        self.secrets.insert(confirmation.digest, StoredSecret(secret));
    }

    pub(super) fn follow(&mut self, consequences: &Consequences) {
        self.letters.extend(consequences.letters.iter().map(StoredLetter::new));
        self.audit.extend(consequences.audit.iter().cloned());
    }
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn register(
        &self,
        new: &NewAccount,
        confirmation: Option<&NewConfirmation>,
        consequences: &Consequences,
    ) -> Result<Registration, Unavailable> {
        let mut state = self.state();
        if state.find(|account| account.username.key() == new.username.key()).is_some() {
            return Ok(Registration::UsernameTaken);
        }
        if new.email.is_some() && state.find(|account| account.email == new.email).is_some() {
            return Ok(Registration::EmailTaken);
        }
        if let Some(unknown) = new.roles.iter().find(|role| !state.roles.contains_key(*role)) {
            return Err(Unavailable::new(format!("no role '{unknown}'")));
        }
        let account = new.as_account(state.permissions(&new.roles));
        state.accounts.push((account.clone(), new.password.clone()));
        if let Some(confirmation) = confirmation {
            state.confirmable(new.id, confirmation, new.created_at);
        }
        state.follow(consequences);
        Ok(Registration::Created(Box::new(account)))
    }

    async fn record(&self, consequences: &Consequences) -> Result<(), Unavailable> {
        self.state().follow(consequences);
        Ok(())
    }

    async fn by_id(&self, id: UserId) -> Result<Option<Account>, Unavailable> {
        let state = self.state();
        Ok(state.find(|account| account.id == id).map(|(account, _)| state.read(account)))
    }

    async fn credentials(&self, login: &LoginName) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
        let state = self.state();
        let found = state.find(|account| match login {
            LoginName::Username(key) => account.username.key() == *key,
            LoginName::Email(email) => account.email.as_ref() == Some(email),
        });
        Ok(found.map(|(account, hash)| (state.read(account), hash.clone())))
    }

    async fn by_email(&self, email: &EmailAddress) -> Result<Option<Account>, Unavailable> {
        let state = self.state();
        let found = state.find(|account| account.email.as_ref() == Some(email));
        Ok(found.map(|(account, _)| state.read(account)))
    }

    async fn confirm(
        &self,
        digest: &TokenDigest,
        user: Option<UserId>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Account>, Unavailable> {
        let mut state = self.state();
        let good = state.good_secret(digest, Purpose::Confirm, at).and_then(|secret| secret.0.user);
        let Some(owner) = good.filter(|owner| user.is_none_or(|user| user == *owner)) else {
            return Ok(None);
        };
        state.drop_secrets(owner, Purpose::Confirm);
        state.confirm_address(owner, at);
        let Some((account, _)) = state.get_mut(owner) else { return Ok(None) };
        let account = account.clone();
        state.follow(consequences);
        Ok(Some(state.read(&account)))
    }

    async fn renew_confirmation(
        &self,
        user: UserId,
        confirmation: &NewConfirmation,
        at_most: u32,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let waits = state.find(|account| account.id == user && account.confirmed_at.is_none()).is_some();
        if !waits || state.good_secrets(user, Purpose::Confirm, at) >= at_most as usize {
            return Ok(false);
        }
        state.confirmable(user, confirmation, at);
        state.follow(consequences);
        Ok(true)
    }

    async fn upgrade_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, Unavailable> {
        match self.state().get_mut(user) {
            Some((_, hash)) if hash == old => {
                *hash = new.clone();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn grant_role(
        &self,
        user: UserId,
        role: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if !state.roles.contains_key(role) {
            return Ok(false);
        }
        let Some((account, _)) = state.get_mut(user) else { return Ok(false) };
        if account.roles.iter().any(|held| held == role) {
            return Ok(true);
        }
        let mut roles = account.roles.to_vec();
        roles.push(role.to_owned());
        roles.sort_unstable();
        account.roles = roles.into();
        account.rights += 1;
        let rights = account.rights;
        state.rights_changed.insert(user, (rights, at));
        state.follow(consequences);
        Ok(true)
    }

    async fn rights_changed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(UserId, u32, Timestamp)>, Unavailable> {
        let state = self.state();
        let changed = state.rights_changed.iter().map(|(user, (rights, at))| (*user, *rights, *at));
        Ok(changed.filter(|(_, _, at)| *at >= since).collect())
    }

    async fn set_suspended(
        &self,
        user: UserId,
        suspended: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Vec<SessionId>>, Unavailable> {
        let mut state = self.state();
        let Some((account, _)) = state.get_mut(user) else { return Ok(None) };
        account.standing = if suspended { Standing::Suspended } else { Standing::Active };
        let mut ended = Vec::new();
        for session in state.sessions.values_mut().filter(|session| suspended && session.user == user) {
            if session.ended_at.is_none() {
                session.ended_at = Some(at);
                ended.push(session.id);
            }
        }
        state.follow(consequences);
        Ok(Some(ended))
    }

    async fn permissions_of(&self, role: &str) -> Result<Vec<String>, Unavailable> {
        Ok(self.state().roles.get(role).cloned().unwrap_or_default())
    }
}
