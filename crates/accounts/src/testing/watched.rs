//! Fakes whose calls are watched by a mock, for tests in which a call fails or must not happen.

use super::{FastHasher, MemoryAccounts, TestAccounts};
use crate::account::Account;
use crate::names::EmailAddress;
use crate::password::{Password, PasswordHash};
use crate::ports::{AccountStore, Consequences, LoginName, NewAccount, NewConfirmation, Registration};
use crate::ports::{PasswordCheck, PasswordHasher, Rotation, SessionRecord, SessionStore};
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Secret, SessionId, Unavailable, UserId};
use std::sync::Arc;

mockall::mock! {
    /// Is told of each call before it happens; what it returns as an error, the call fails with.
    pub(crate) Calls {
        pub(crate) fn to(&self, method: &str) -> Result<(), Unavailable>;
    }
}

impl MockCalls {
    /// Lets each of `methods` happen once, no more and no less.
    pub(crate) fn allow(&mut self, methods: &[&'static str]) {
        for method in methods.iter().copied() {
            self.expect_to().withf(move |called| called == method).times(1).returning(|_| Ok(()));
        }
    }

    /// Makes `method` fail the one time that it is called.
    pub(crate) fn fail(&mut self, method: &'static str) {
        let down = |_: &str| Err(Unavailable::new("the disk is full"));
        self.expect_to().withf(move |called| called == method).times(1).returning(down);
    }
}

/// The fakes of `test`, watched: whatever `calls` does not expect fails the test.
pub(crate) fn watched(test: &TestAccounts, calls: MockCalls) -> TestAccounts {
    let calls = Arc::new(calls);
    let mut other = TestAccounts::with(|parts| {
        let store = Arc::new(Watched { calls: calls.clone(), inner: test.store.clone() });
        parts.store = store.clone();
        parts.sessions = store;
        parts.credentials = test.store.clone();
        parts.session_list = test.store.clone();
        parts.limits = test.accounts.parts.limits.clone();
        parts.letter_requests = test.store.clone();
        parts.secrets = test.store.clone();
        parts.mfa = test.store.clone();
        parts.audit = test.store.clone();
        parts.administration = test.store.clone();
        parts.roles = test.store.clone();
        parts.login_methods = test.store.clone();
        parts.identity_providers.clone_from(&test.accounts.parts.identity_providers);
        parts.hasher = Arc::new(WatchedHasher { calls, inner: test.hasher.clone() });
        parts.signer = test.accounts.parts.signer.clone();
        parts.randomness = test.accounts.parts.randomness.clone();
        parts.clock = test.clock.clone();
    });
    (other.store, other.hasher) = (test.store.clone(), test.hasher.clone());
    other.clock = test.clock.clone();
    other.providers.clone_from(&test.providers);
    other
}

struct Watched {
    calls: Arc<MockCalls>,
    inner: Arc<MemoryAccounts>,
}

struct WatchedHasher {
    calls: Arc<MockCalls>,
    inner: Arc<FastHasher>,
}

#[async_trait]
impl PasswordHasher for WatchedHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable> {
        self.calls.to("hash")?;
        self.inner.hash(password).await
    }

    async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable> {
        self.calls.to("verify")?;
        self.inner.verify(typed, hash).await
    }

    fn decoy(&self) -> PasswordHash {
        self.inner.decoy()
    }
}

#[async_trait]
impl AccountStore for Watched {
    async fn register(
        &self,
        account: &NewAccount,
        confirmation: Option<&NewConfirmation>,
        consequences: &Consequences,
    ) -> Result<Registration, Unavailable> {
        self.calls.to("register")?;
        self.inner.register(account, confirmation, consequences).await
    }

    async fn record(&self, consequences: &Consequences) -> Result<(), Unavailable> {
        self.calls.to("record")?;
        self.inner.record(consequences).await
    }

    async fn by_id(&self, id: UserId) -> Result<Option<Account>, Unavailable> {
        self.calls.to("by_id")?;
        self.inner.by_id(id).await
    }

    async fn credentials(&self, login: &LoginName) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
        self.calls.to("credentials")?;
        self.inner.credentials(login).await
    }

    async fn by_email(&self, email: &EmailAddress) -> Result<Option<Account>, Unavailable> {
        self.calls.to("by_email")?;
        self.inner.by_email(email).await
    }

    async fn confirm(
        &self,
        digest: &TokenDigest,
        user: Option<UserId>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Account>, Unavailable> {
        self.calls.to("confirm")?;
        self.inner.confirm(digest, user, at, consequences).await
    }

    async fn renew_confirmation(
        &self,
        user: UserId,
        confirmation: &NewConfirmation,
        at_most: u32,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        self.calls.to("renew_confirmation")?;
        self.inner.renew_confirmation(user, confirmation, at_most, at, consequences).await
    }

    async fn upgrade_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, Unavailable> {
        self.calls.to("upgrade_hash")?;
        self.inner.upgrade_hash(user, old, new).await
    }

    async fn grant_role(
        &self,
        user: UserId,
        role: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        self.calls.to("grant_role")?;
        self.inner.grant_role(user, role, at, consequences).await
    }

    async fn rights_changed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(UserId, u32, Timestamp)>, Unavailable> {
        self.calls.to("rights_changed_since")?;
        self.inner.rights_changed_since(since).await
    }

    async fn set_suspended(
        &self,
        user: UserId,
        suspended: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<Vec<SessionId>>, Unavailable> {
        self.calls.to("set_suspended")?;
        self.inner.set_suspended(user, suspended, at, consequences).await
    }

    async fn permissions_of(&self, role: &str) -> Result<Vec<String>, Unavailable> {
        self.calls.to("permissions_of")?;
        self.inner.permissions_of(role).await
    }
}

#[async_trait]
impl SessionStore for Watched {
    async fn open(
        &self,
        session: &SessionRecord,
        credentials: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        self.calls.to("open")?;
        self.inner.open(session, credentials, consequences).await
    }

    async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable> {
        self.calls.to("session")?;
        self.inner.session(session).await
    }

    async fn rotate(
        &self,
        session: SessionId,
        from: u32,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        self.calls.to("rotate")?;
        self.inner.rotate(session, from, at, expires_at).await
    }

    async fn end(
        &self,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        self.calls.to("end")?;
        self.inner.end(session, at, consequences).await
    }

    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable> {
        self.calls.to("ended_since")?;
        self.inner.ended_since(since).await
    }

    async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        self.calls.to("forget_expired")?;
        self.inner.forget_expired(before, at_most).await
    }
}
