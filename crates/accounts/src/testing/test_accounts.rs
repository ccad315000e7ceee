use super::{FakeSigner, FastHasher, MemoryAccounts};
use crate::account::Account;
use crate::names::{EmailAddress, Username};
use crate::password::Password;
use crate::ports::LoginName;
use crate::register::NewRegistration;
use crate::service::{AccountPolicy, Accounts, AccountsParts};
use crate::session_tokens::{Device, SignedIn};
use crate::sign_in::SignInError;
use jiff::SignedDuration;
use square_kernel::Secret;
use square_kernel::testing::{ManualClock, PlainHash, SeededRandomness};
use std::sync::Arc;

/// The use cases on fakes, with the fakes at hand.
pub struct TestAccounts {
    /// The use cases.
    pub accounts: Arc<Accounts>,
    /// What is stored.
    pub store: Arc<MemoryAccounts>,
    /// The hasher, which remembers what it verified against.
    pub hasher: Arc<FastHasher>,
    /// The time.
    pub clock: Arc<ManualClock>,
}

impl Default for TestAccounts {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

impl TestAccounts {
    /// The password of everybody that [`Self::register`] registers.
    pub const PASSWORD: &str = "correct horse";

    /// Access tokens of an hour, sessions of thirty days, links of a day, an address required.
    pub fn policy() -> AccountPolicy {
        AccountPolicy {
            access_token_lifetime: SignedDuration::from_hours(1),
            session_lifetime: SignedDuration::from_hours(24 * 30),
            confirmation_lifetime: SignedDuration::from_hours(24),
            email_required: true,
            anonymous_role: "anonymous".to_owned(),
        }
    }

    /// The use cases on fakes, some of which `change` replaced.
    pub fn with(change: impl FnOnce(&mut AccountsParts)) -> Self {
        let store = Arc::new(MemoryAccounts::default());
        let hasher = Arc::new(FastHasher::default());
        let clock = Arc::new(ManualClock::default());
        let mut parts = AccountsParts {
            store: store.clone(),
            sessions: store.clone(),
            secrets: store.clone(),
            audit: store.clone(),
            hasher: hasher.clone(),
            signer: Arc::new(FakeSigner::default()),
            keyed_hash: Arc::new(PlainHash),
            clock: clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
            policy: Self::policy(),
        };
        change(&mut parts);
        Self { accounts: Arc::new(Accounts::new(parts)), store, hasher, clock }
    }

    /// Another instance on the same store and clock, as after a restart.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mut other = Self::with(|parts| {
            parts.store = store.clone();
            parts.sessions = store.clone();
            parts.secrets = store.clone();
            parts.audit = store.clone();
            parts.clock = clock.clone();
            parts.signer = self.accounts.parts.signer.clone();
            parts.randomness = self.accounts.parts.randomness.clone();
        });
        other.store = store;
        other.clock = clock;
        other
    }

    /// What somebody called `name` registers with: the address is `name@example.org`.
    pub fn registration(name: &str) -> NewRegistration {
        NewRegistration {
            username: Username::parse(name).expect("a good name"),
            email: Some(Self::email(name)),
            password: Password::parse("password", Self::PASSWORD).expect("a good password"),
        }
    }

    /// The address `name@example.org`.
    pub fn email(name: &str) -> EmailAddress {
        EmailAddress::parse(&format!("{name}@example.org")).expect("a good address")
    }

    /// Registers `name`, who confirms nothing yet.
    pub async fn register(&self, name: &str) -> Account {
        self.accounts.register(Self::registration(name), &Device::default()).await.expect("registered")
    }

    /// Signs `name` in.
    pub async fn sign_in(&self, name: &str) -> SignedIn {
        self.try_sign_in(name, Self::PASSWORD).await.expect("signed in")
    }

    /// Tries to sign `name` in with `password`.
    pub async fn try_sign_in(&self, name: &str, password: &str) -> Result<SignedIn, SignInError> {
        let login = LoginName::Username(name.to_lowercase());
        self.accounts.sign_in(&login, &Secret::new(password), &Device::default()).await
    }
}
