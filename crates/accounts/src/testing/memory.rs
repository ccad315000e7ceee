use super::memory_letters::StoredLetter;
use crate::account::{Account, Standing};
use crate::letter::Letter;
use crate::names::EmailAddress;
use crate::password::PasswordHash;
use crate::ports::{AccountStore, LoginName, NewAccount, NewConfirmation, NewLetter, Registration};
use crate::ports::{SessionRecord, StoredSigningKey};
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
    roles: BTreeMap<String, Vec<String>>,
    pub(super) accounts: Vec<(Account, PasswordHash)>,
    rights_changed: HashMap<UserId, (u32, Timestamp)>,
    confirmations: HashMap<TokenDigest, Confirmation>,
    pub(super) sessions: BTreeMap<SessionId, SessionRecord>,
    pub(super) letters: Vec<StoredLetter>,
    pub(super) keys: Vec<StoredSigningKey>,
}

struct Confirmation {
    user: UserId,
    expires_at: Timestamp,
}

/// The roles of the first migration, as far as tests lean on them.
const ROLES: [(&str, &[&str]); 6] = [
    ("admin", &["get:users", "patch:users", "delete:users"]),
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

    /// The secret in the newest confirmation letter.
    pub fn mailed_token(&self) -> Option<MailToken> {
        self.letters().into_iter().rev().find_map(|letter| match letter.occasion {
            crate::Occasion::ConfirmAddress { token, .. } => Some(token),
            crate::Occasion::AlreadyRegistered => None,
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    fn permissions(&self, roles: &[String]) -> Permissions {
        let held = roles.iter().filter_map(|role| self.roles.get(role)).flatten();
        held.map(String::as_str).collect()
    }

    /// The account as it reads now: what its roles allow is looked up, not remembered.
    fn read(&self, account: &Account) -> Account {
        Account { permissions: self.permissions(&account.roles), ..account.clone() }
    }

    fn find(&self, matches: impl Fn(&Account) -> bool) -> Option<&(Account, PasswordHash)> {
        self.accounts.iter().find(|(account, _)| matches(account))
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut (Account, PasswordHash)> {
        self.accounts.iter_mut().find(|(account, _)| account.id == user)
    }

    fn confirmable(&mut self, user: UserId, confirmation: &NewConfirmation) {
        let stored = Confirmation { user, expires_at: confirmation.expires_at };
        self.confirmations.insert(confirmation.digest, stored);
    }
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn register(
        &self,
        new: &NewAccount,
        confirmation: Option<&NewConfirmation>,
        letter: Option<&NewLetter>,
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
            state.confirmable(new.id, confirmation);
        }
        state.letters.extend(letter.map(StoredLetter::new));
        Ok(Registration::Created(Box::new(account)))
    }

    async fn post(&self, letter: &NewLetter) -> Result<(), Unavailable> {
        self.state().letters.push(StoredLetter::new(letter));
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
    ) -> Result<Option<Account>, Unavailable> {
        let mut state = self.state();
        let good = state.confirmations.get(digest).filter(|confirmation| {
            at < confirmation.expires_at && user.is_none_or(|user| user == confirmation.user)
        });
        let Some(owner) = good.map(|confirmation| confirmation.user) else { return Ok(None) };
        state.confirmations.retain(|_, confirmation| confirmation.user != owner);
        let Some((account, _)) = state.get_mut(owner) else { return Ok(None) };
        account.confirmed_at.get_or_insert(at);
        let account = account.clone();
        Ok(Some(state.read(&account)))
    }

    async fn renew_confirmation(
        &self,
        user: UserId,
        confirmation: &NewConfirmation,
        letter: &NewLetter,
        at_most: u32,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let waits = state.find(|account| account.id == user && account.confirmed_at.is_none()).is_some();
        let good = |known: &&Confirmation| known.user == user && letter.at < known.expires_at;
        if !waits || state.confirmations.values().filter(good).count() >= at_most as usize {
            return Ok(false);
        }
        state.confirmable(user, confirmation);
        state.letters.push(StoredLetter::new(letter));
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

    async fn grant_role(&self, user: UserId, role: &str, at: Timestamp) -> Result<bool, Unavailable> {
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
        Ok(Some(ended))
    }

    async fn permissions_of(&self, role: &str) -> Result<Vec<String>, Unavailable> {
        Ok(self.state().roles.get(role).cloned().unwrap_or_default())
    }
}
