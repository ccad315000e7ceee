use super::{FakeProvider, FakeSigner, FastHasher, MemoryAccounts};
use crate::account::Account;
use crate::letter::Occasion;
use crate::limits::LimitPolicy;
use crate::mfa::Entry;
use crate::names::{EmailAddress, Username};
use crate::password::Password;
use crate::ports::identity::IdentityProvider;
use crate::ports::{
    AccountStore, Administration, Caller, Consequences, LinkedBy, Linking, LoginMethodId, LoginMethodStore,
    LoginName, NewLoginMethod,
};
use crate::register::NewRegistration;
use crate::service::{AccountPolicy, Accounts, AccountsParts};
use crate::session_tokens::{Device, SecondFactor, SignedIn};
use crate::sign_in::SignInError;
use crate::social::Provider;
use jiff::SignedDuration;
use square_kernel::testing::{ManualClock, PlainHash, SeededRandomness};
use square_kernel::{Clock, Secret, UserId};
use square_limits::testing::MemoryLimits;
use std::sync::Arc;

/// The use cases on fakes, with the fakes at hand.
pub struct TestAccounts {
    /// The use cases.
    pub accounts: Arc<Accounts>,
    /// What is stored.
    pub store: Arc<MemoryAccounts>,
    /// The hasher, which remembers what it verified against.
    pub hasher: Arc<FastHasher>,
    /// Providers of identities, one of each.
    pub providers: Vec<Arc<FakeProvider>>,
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

    /// Access tokens of an hour, sessions of thirty days, or 180 with refreshing, links of a day, an address required, no limits.
    pub fn policy() -> AccountPolicy {
        AccountPolicy {
            access_token_lifetime: SignedDuration::from_hours(1),
            session_lifetime: SignedDuration::from_hours(24 * 30),
            longest_session: SignedDuration::from_hours(24 * 180),
            limits: LimitPolicy::default(),
            confirmation_lifetime: SignedDuration::from_hours(24),
            reset_lifetime: SignedDuration::from_hours(1),
            email_change_lifetime: SignedDuration::from_hours(24),
            email_required: true,
            anonymous_role: "anonymous".to_owned(),
            social_state_required: false,
            mfa_issuer: "Square".to_owned(),
            mfa_required_roles: Vec::new(),
            audit_kept: SignedDuration::from_hours(24 * 365),
        }
    }

    /// The use cases on fakes, some of which `change` replaced.
    pub fn with(change: impl FnOnce(&mut AccountsParts)) -> Self {
        let store = Arc::new(MemoryAccounts::default());
        let hasher = Arc::new(FastHasher::default());
        let clock = Arc::new(ManualClock::default());
        let providers = FakeProvider::of_each();
        let mut parts = AccountsParts {
            store: store.clone(),
            credentials: store.clone(),
            sessions: store.clone(),
            session_list: store.clone(),
            limits: Arc::new(MemoryLimits::default()),
            letter_requests: store.clone(),
            secrets: store.clone(),
            mfa: store.clone(),
            audit: store.clone(),
            administration: store.clone(),
            roles: store.clone(),
            login_methods: store.clone(),
            identity_providers: providers.iter().map(|fake| fake.clone() as _).collect(),
            hasher: hasher.clone(),
            signer: Arc::new(FakeSigner::default()),
            keyed_hash: Arc::new(PlainHash),
            clock: clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
            policy: Self::policy(),
        };
        change(&mut parts);
        Self { accounts: Arc::new(Accounts::new(parts)), store, hasher, providers, clock }
    }

    /// The provider that the use cases know under this name.
    pub fn provider(&self, provider: Provider) -> &FakeProvider {
        let mut providers = self.providers.iter();
        providers.find(|fake| fake.provider() == provider).expect("there is one of each")
    }

    /// Another instance on the same store and clock, as after a restart.
    #[must_use]
    pub fn restarted(&self) -> Self {
        self.with_providers(self.accounts.parts.identity_providers.clone())
    }

    /// The same, with other providers of identities.
    #[must_use]
    pub fn with_providers(&self, providers: Vec<Arc<dyn IdentityProvider>>) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mut other = Self::with(|parts| {
            parts.store = store.clone();
            parts.credentials = store.clone();
            parts.sessions = store.clone();
            parts.session_list = store.clone();
            parts.limits = self.accounts.parts.limits.clone();
            parts.letter_requests = store.clone();
            parts.secrets = store.clone();
            parts.mfa = store.clone();
            parts.audit = store.clone();
            parts.administration = store.clone();
            parts.roles = store.clone();
            parts.login_methods = store.clone();
            parts.identity_providers = providers;
            parts.clock = clock.clone();
            parts.signer = self.accounts.parts.signer.clone();
            parts.randomness = self.accounts.parts.randomness.clone();
        });
        other.store = store;
        other.clock = clock;
        other.providers.clone_from(&self.providers);
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

    /// Has the operator vouch for an account's address, where it was not confirmed before.
    pub async fn vouch_for(&self, user: UserId) {
        self.store.vouch(user, self.clock.now(), Consequences::none()).await.expect("vouched for");
    }

    /// Makes an identity at `provider` a way to sign in to an account, as was possible once before its address was confirmed.
    pub async fn link(&self, user: UserId, provider: Provider) {
        let account = self.store.by_id(user).await.expect("read").expect("there");
        let opened = self.accounts.open_session(account, &Device::default(), SecondFactor::Given).await;
        let by = LinkedBy::Owner(Caller::from(&self.caller(&opened.expect("asked").expect("opened"))));
        let method = NewLoginMethod {
            id: LoginMethodId::new(&*self.clock, &*self.accounts.parts.randomness),
            provider,
            identity: FakeProvider::identity(&user.to_string(), true),
            at: self.clock.now(),
        };
        let linking = self.store.link(user, &method, by, Consequences::none()).await.expect("asked");
        assert!(matches!(linking, Ok(Linking::Linked { .. })), "{linking:?}");
    }

    /// What the newest letter is about.
    pub fn newest_occasion(&self) -> Occasion {
        self.store.letters().pop().expect("a letter").occasion
    }

    /// Asks for a further confirmation letter to `name@example.org` and has all requests seen to.
    pub async fn resend(&self, name: &str) {
        let asked = self.accounts.resend_confirmation(&Self::email(name), &Device::default()).await;
        asked.expect("asked");
        self.answer_letter_requests().await;
    }

    /// Sees to all letters that were asked for.
    pub async fn answer_letter_requests(&self) {
        while self.accounts.answer_letter_request().await.expect("answered") {}
    }

    /// Signs `name` in.
    pub async fn sign_in(&self, name: &str) -> SignedIn {
        self.try_sign_in(name, Self::PASSWORD).await.expect("signed in")
    }

    /// Tries to sign `name`, who has no second factor, in with `password`.
    pub async fn try_sign_in(&self, name: &str, password: &str) -> Result<SignedIn, SignInError> {
        let login = LoginName::Username(name.to_lowercase());
        self.accounts.sign_in(&login, &Secret::new(password), &Device::default()).await.map(signed_in)
    }
}

/// The session of a sign-in that asked for no second factor.
pub fn signed_in(entry: Entry) -> SignedIn {
    match entry {
        Entry::SignedIn(signed_in) => *signed_in,
        Entry::Challenge(_) => unreachable!("a second factor is asked for"),
    }
}
