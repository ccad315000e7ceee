//! The list of parts: which adapter stands behind which port. It reads top to bottom, and nothing is decided
//! anywhere else.

use crate::builtins::Builtins;
use crate::connector::{Connections, Protection};
use crate::identity_providers::identity_providers;
use crate::mail::postman;
use crate::receivers::receivers;
use crate::selectors::selectors;
use crate::settings::{self, Algorithm, SecretSetting, Settings, SubjectSetting};
use jiff::SignedDuration;
use square_accounts::LimitPolicy;
use square_accounts::ports::{PasswordHasher, TokenSigner};
use square_accounts::{AccountPolicy, Accounts, AccountsParts, LetterDelivery, MissingRole};
use square_accounts::{SigningKeyPolicy, SigningKeys};
use square_casting::Casting;
use square_changes::ports::{ChangeLog, DeliveryStore, Receiver};
use square_changes::{Follower, Subscribers};
use square_cluster::{Duties, InstanceId, Membership};
use square_events::{EventPolicy, Events, EventsParts};
use square_kernel::{Clock, KeyedHash, OsRandomness, Randomness, Sealer, Secret, Unavailable};
use square_limits::{Meter, Quota};
use square_passwords::{BcryptHasher, PepperMark, Peppers};
use square_persistence::{
    Database, DatabaseClock, DatabaseQuestionLog, DatabaseSettings, PasswordMark, Stores,
};
use square_routing::{AskerLimits, FairUse, Feedback, Router, RouterParts, RouterPolicy};
use square_skill_client::{SkillClient, SkillClientParts, SkillClientSettings, SystemNames};
use square_skills::ports::{AddressGuard, SkillProber};
use square_skills::protection::BreakerPolicy;
use square_skills::{ProbePolicy, ProposalPolicy, Proposals, SkillDirectory, Skills, SkillsParts};
use square_tokens::{AeadSealer, Ed25519Signer, HmacHash, Hs256Signer, Issuing, MasterKeys, SubjectForm};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The database is not fit to be served.
#[derive(Debug, thiserror::Error)]
#[error("the database holds a copy that was interrupted; run the same `square db copy` again to finish it")]
struct UnfinishedCopy;

/// The settings name a role that there is not.
#[derive(Debug, thiserror::Error)]
#[error(
    "the setting accounts.{} names the role '{}', which does not exist; correct it, or make the role by `square role create {}`",
    .0.choice, .0.role, .0.role
)]
pub(crate) struct RoleMissing(pub(crate) MissingRole);

/// A server without its network side.
pub(crate) struct Square {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) skills: Arc<Skills>,
    pub(crate) proposals: Arc<Proposals>,
    pub(crate) casting: Arc<Casting>,
    pub(crate) router: Arc<Router>,
    pub(crate) feedback: Arc<Feedback>,
    pub(crate) events: Arc<Events>,
    pub(crate) builtins: Builtins,
    pub(crate) subscribers: Subscribers,
    pub(crate) letters: Arc<LetterDelivery>,
    pub(crate) database: Database,
    pub(crate) stores: Arc<Stores>,
    pub(crate) log: Arc<DatabaseQuestionLog>,
    /// Counts who asks, and which skills are asked, how often.
    pub(crate) meter: Arc<Meter>,
    /// Where tokens are signed by keys of their own.
    pub(crate) signing_keys: Option<Arc<SigningKeys>>,
    pub(crate) instance: InstanceId,
    pub(crate) duties: Duties,
    /// Notified when an instance was seen to have died.
    pub(crate) death: Notify,
    pub(crate) receivers: Vec<Arc<dyn Receiver>>,
    pub(crate) clock: Arc<DatabaseClock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

/// The database with what is sealed in it: what looks after keys and all else is built on.
pub(crate) struct Vault {
    pub(crate) database: Database,
    pub(crate) stores: Arc<Stores>,
    pub(crate) clock: Arc<DatabaseClock>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) keyed_hash: Arc<dyn KeyedHash>,
}

impl Vault {
    /// Opens and migrates the database.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let auth = &settings.auth;
        let keys = MasterKeys::from_secrets(required(&auth.secret_key), auth.secret_key_previous.get());
        let sealer: Arc<dyn Sealer> = Arc::new(AeadSealer::new(&keys));
        let keyed_hash: Arc<dyn KeyedHash> = Arc::new(HmacHash::new(&keys));
        let database = open(settings).await?;
        if database.is_unfinished_copy().await? {
            return Err(UnfinishedCopy.into());
        }
        database.migrate().await?;
        let clock = DatabaseClock::new();
        clock.set(&database).await?;
        let stores = Arc::new(Stores::new(database.clone(), Arc::clone(&sealer)));
        Ok(Self { database, stores, clock, sealer, keyed_hash })
    }
}

/// Brings the database to this version; gives the number of migrations that ran.
pub(crate) async fn migrate(settings: &Settings) -> Result<usize, Box<dyn Error>> {
    let database = open(settings).await?;
    Ok(database.migrate().await?)
}

impl Square {
    /// Opens and migrates the database and puts the parts together. Nothing is loaded or started yet.
    #[expect(clippy::too_many_lines, reason = "the list of parts, which reads top to bottom")]
    pub(crate) async fn assemble(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let Vault { database, stores, clock: database_clock, sealer, keyed_hash } =
            Vault::open(settings).await?;
        let clock: Arc<dyn Clock> = database_clock.clone();
        let randomness: Arc<dyn Randomness> = Arc::new(OsRandomness);
        let (signer, signing_keys) = signer(settings, &stores, &sealer, &clock);
        if let Some(keys) = &signing_keys {
            keys.load().await?;
        }
        let instance = InstanceId::new(&*clock, &*randomness);
        let log = Arc::new(DatabaseQuestionLog::new(database.clone(), instance)?);

        let accounts = Arc::new(Accounts::new(AccountsParts {
            store: stores.clone(),
            credentials: stores.clone(),
            sessions: stores.clone(),
            session_list: stores.clone(),
            limits: stores.clone(),
            letter_requests: stores.clone(),
            secrets: stores.clone(),
            mfa: stores.clone(),
            audit: stores.clone(),
            administration: stores.clone(),
            roles: stores.clone(),
            login_methods: stores.clone(),
            identity_providers: identity_providers(settings, &clock)?,
            hasher: hasher(settings, &stores).await?,
            signer,
            keyed_hash: keyed_hash.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            policy: policy(settings),
        }));
        let letters = Arc::new(LetterDelivery::new(
            stores.clone(),
            postman(settings, clock.clone())?,
            clock.clone(),
            randomness.clone(),
        ));

        let meter = Arc::new(Meter::new(clock.clone()));
        let client = Arc::new(skill_client(settings, &sealer, &clock, &randomness)?);
        let (guard, prober): (Arc<dyn AddressGuard>, Arc<dyn SkillProber>) = (client.clone(), client.clone());
        let builtins = Builtins::new(&stores, &clock);
        let directory = Arc::new(SkillDirectory::new(Arc::new(Connections {
            client,
            builtin: builtins.skills(),
            protection: protection(settings),
            clock: clock.clone(),
            outages: Arc::default(),
            meter: meter.clone(),
            keyed_hash: keyed_hash.clone(),
        })));

        let selectors = selectors(settings)?;
        let skills = Arc::new(Skills::new(SkillsParts {
            store: stores.clone(),
            models: stores.clone(),
            directory: directory.clone(),
            guard,
            prober,
            learners: selectors.learners,
            sealer,
            limits: stores.clone(),
            keyed_hash: keyed_hash.clone(),
            probing: probe_policy(settings),
            most_per_owner: Some(settings.skills.max_per_owner).filter(|most| *most > 0),
            clock: clock.clone(),
            randomness: randomness.clone(),
        }));
        let proposals = Arc::new(Proposals::new(&skills, stores.clone(), proposal_policy(settings)));
        let router = Arc::new(Router::new(RouterParts {
            directory,
            selectors: selectors.all,
            fallback: Some(selectors.fallback),
            log: log.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            meter: meter.clone(),
            keyed_hash,
            policy: router_policy(settings),
        }));
        let casting = Arc::new(Casting::new(stores.clone(), clock.clone(), randomness.clone()));
        let feedback = Arc::new(Feedback::new(router.clone(), proposals.clone(), stores.clone()));
        let events = Arc::new(Events::new(EventsParts {
            store: stores.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            policy: EventPolicy { per_owner: settings.events.per_owner },
        }));
        let subscribers = Subscribers::default();
        Ok(Self {
            accounts,
            skills,
            proposals,
            casting,
            router,
            feedback,
            events,
            builtins,
            subscribers,
            letters,
            duties: Duties::new(stores.clone(), instance),
            death: Notify::new(),
            receivers: receivers(settings, &clock)?,
            database,
            stores,
            log,
            meter,
            signing_keys,
            instance,
            clock: database_clock,
            randomness,
        })
    }

    /// Takes its place among the instances and reads into memory what requests are answered from. From the follower on, what
    /// others change is told.
    pub(crate) async fn load(&self) -> Result<Follower, Box<dyn Error>> {
        if let Some(missing) = self.accounts.missing_role().await? {
            return Err(RoleMissing(missing).into());
        }
        let mut membership = Membership::new(self.stores.clone(), self.instance);
        if self.database.is_file() {
            // One process at a time serves a file: whoever is listed has died.
            membership.replace_all().await?;
        }
        membership.step().await?;
        let follower = Follower::new(self.stores.clone()).await?;
        // Another one may have come since they were loaded first.
        self.load_signing_keys().await?;
        self.accounts.load().await?;
        self.skills.load().await?;
        self.close_interrupted().await?;
        for receiver in &self.receivers {
            // It is told of what changes from now on, however long it takes until somebody has that duty.
            self.stores.position(receiver.name()).await?;
        }
        // Reading may have taken so long that others took this instance for dead.
        membership.step().await?;
        Ok(follower)
    }

    /// Ends the questions that instances which died left open.
    pub(crate) async fn close_interrupted(&self) -> Result<(), Unavailable> {
        let closed = self.router.close_interrupted().await?;
        if closed > 0 {
            tracing::warn!(questions = closed, "closed questions that a process which died left open");
        }
        Ok(())
    }

    /// Has tokens signed and verified by the keys that are stored now.
    pub(crate) async fn load_signing_keys(&self) -> Result<(), Unavailable> {
        match &self.signing_keys {
            Some(keys) => Ok(keys.load().await?),
            None => Ok(()),
        }
    }

    /// The log of changes.
    pub(crate) fn changes(&self) -> &dyn ChangeLog {
        &*self.stores
    }
}

/// `secrets::fill` has seen to it that there is one.
pub(crate) fn required(secret: &SecretSetting) -> &Secret {
    static EMPTY: std::sync::LazyLock<Secret> = std::sync::LazyLock::new(|| Secret::new(""));
    secret.get().unwrap_or(&EMPTY)
}

async fn open(settings: &Settings) -> Result<Database, square_persistence::OpenError> {
    Database::open(database_settings(settings)).await
}

/// Which database to open, and how.
pub(crate) fn database_settings(settings: &Settings) -> DatabaseSettings {
    let database = &settings.database;
    DatabaseSettings {
        url: database.url.clone(),
        read_connections: database.read_connections,
        write_connections: database.write_connections,
        busy_timeout: Duration::from_millis(database.busy_timeout_ms),
        connect_timeout: Duration::from_millis(database.connect_timeout_ms),
        statement_timeout: Duration::from_millis(database.statement_timeout_ms),
    }
}

/// 0 among the settings stands for one per core.
pub(crate) fn or_cores(number: usize) -> usize {
    if number > 0 { number } else { std::thread::available_parallelism().map_or(2, Into::into) }
}

async fn hasher(settings: &Settings, stores: &Stores) -> Result<Arc<dyn PasswordHasher>, Unavailable> {
    let passwords = &settings.passwords;
    let others = passwords.salt_previous.get();
    // It matters only where there are several.
    let unnamed = !others.is_empty() && has_unnamed(&stores.password_marks().await?);
    let peppers = Peppers::new(required(&passwords.salt), others, unnamed);
    Ok(Arc::new(BcryptHasher::new(peppers, passwords.cost, or_cores(passwords.threads))))
}

fn has_unnamed(marks: &[PasswordMark]) -> bool {
    marks.iter().any(|mark| PepperMark::of(&mark.beginning) == PepperMark::Unnamed)
}

/// What signs and verifies tokens, and the keys that it does so by, where it has any of its own. They are not loaded yet.
pub(crate) fn signer(
    settings: &Settings,
    stores: &Arc<Stores>,
    sealer: &Arc<dyn Sealer>,
    clock: &Arc<dyn Clock>,
) -> (Arc<dyn TokenSigner>, Option<Arc<SigningKeys>>) {
    let subject = match settings.auth.subject {
        SubjectSetting::Id => SubjectForm::Id,
        SubjectSetting::Square => SubjectForm::Square,
    };
    let (issuer, audience) = (settings.auth.issuer.clone(), settings.auth.audience.clone());
    let issuing = Issuing { issuer, audience, subject };
    match settings.auth.algorithm {
        Algorithm::EdDsa => {
            let signer = Arc::new(Ed25519Signer::new(sealer.clone(), Arc::new(OsRandomness), issuing));
            let policy = signing_key_policy(settings);
            let keys = SigningKeys::new(stores.clone(), signer.clone(), clock.clone(), policy);
            (signer, Some(Arc::new(keys)))
        }
        Algorithm::Hs256 => {
            let (secret, others) =
                (required(&settings.auth.secret_key), settings.auth.secret_key_previous.get());
            (Arc::new(Hs256Signer::new(secret, others, issuing)), None)
        }
    }
}

fn signing_key_policy(settings: &Settings) -> SigningKeyPolicy {
    let auth = &settings.auth;
    let days = i64::from(auth.signing_key_days);
    SigningKeyPolicy {
        lead: SignedDuration::from_secs(i64::from(auth.signing_key_lead_s)),
        lifetime: (days > 0).then(|| SignedDuration::from_hours(24 * days)),
        access_token_lifetime: SignedDuration::from_secs(i64::from(auth.access_token_s)),
    }
}

/// What the settings say about accounts.
pub(crate) fn policy(settings: &Settings) -> AccountPolicy {
    AccountPolicy {
        access_token_lifetime: SignedDuration::from_secs(i64::from(settings.auth.access_token_s)),
        session_lifetime: days(settings.auth.session_days),
        longest_session: days(settings.auth.session_max_days),
        limits: limits(settings),
        confirmation_lifetime: SignedDuration::from_hours(i64::from(settings.accounts.confirmation_hours)),
        reset_lifetime: SignedDuration::from_mins(i64::from(settings.accounts.reset_minutes)),
        email_change_lifetime: SignedDuration::from_hours(i64::from(settings.accounts.email_change_hours)),
        email_required: settings.accounts.email_required,
        anonymous_role: settings.accounts.anonymous_role.clone(),
        social_state_required: settings.social.state_required,
        mfa_issuer: settings.accounts.mfa_issuer.clone(),
        mfa_required_roles: settings.accounts.mfa_required_roles.clone(),
        audit_kept: days(settings.accounts.audit_days),
    }
}

fn limits(settings: &Settings) -> LimitPolicy {
    let limits = &settings.accounts.limits;
    LimitPolicy {
        sign_ins_per_name: Quota::per_hour(limits.sign_ins_per_name),
        sign_ins_per_device: Quota::per_hour(limits.sign_ins_per_device),
        sign_ins_per_address: Quota::per_hour(limits.sign_ins_per_address),
        registrations_per_address: Quota::per_hour(limits.registrations_per_address),
        letters_per_address: Quota::per_hour(limits.letters_per_address),
        letters_per_mailbox: Quota::per_hour(limits.letters_per_mailbox),
        links_per_address: Quota::per_hour(limits.links_per_address),
        refreshes_per_address: Quota::per_hour(limits.refreshes_per_address),
    }
}

fn probe_policy(settings: &Settings) -> ProbePolicy {
    let limits = &settings.skills.limits;
    ProbePolicy {
        per_owner: Quota::per_hour(limits.probes_per_owner),
        per_host: Quota::per_hour(limits.probes_per_host),
    }
}

fn router_policy(settings: &Settings) -> RouterPolicy {
    let questions = &settings.questions;
    let kept = (questions.keep_days > 0).then(|| days(questions.keep_days));
    RouterPolicy {
        grace: Duration::from_secs(questions.grace_s),
        questions_kept: kept,
        deltas_kept: SignedDuration::from_hours(i64::from(questions.keep_pieces_hours)),
        fair_use: FairUse {
            account_required: questions.account_required,
            signed_in: asker_limits(&questions.limits.signed_in),
            anonymous: asker_limits(&questions.limits.anonymous),
        },
    }
}

fn asker_limits(limits: &settings::AskerLimits) -> AskerLimits {
    AskerLimits {
        rate: Quota::per_minute(limits.per_minute, limits.burst),
        at_once: (limits.at_once > 0).then_some(limits.at_once),
        max_skills: limits.max_skills,
    }
}

fn proposal_policy(settings: &Settings) -> ProposalPolicy {
    let proposals = &settings.skills.proposals;
    ProposalPolicy { per_skill: proposals.per_skill, per_asker: proposals.per_asker }
}

fn days(number: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(number))
}

fn skill_client(
    settings: &Settings,
    sealer: &Arc<dyn Sealer>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<SkillClient, Box<dyn Error>> {
    let skills = &settings.skills;
    let networks = skills.allowed_networks.iter().map(|network| network.parse()).collect::<Result<_, _>>()?;
    let client = SkillClientSettings {
        connect_timeout: Duration::from_millis(skills.connect_timeout_ms),
        first_byte_timeout: Duration::from_millis(skills.first_byte_timeout_ms),
        idle_timeout: Duration::from_millis(skills.idle_timeout_ms),
        time_limit: Duration::from_millis(skills.time_limit_ms),
        max_response_bytes: skills.max_response_bytes,
        allow_private_networks: skills.allow_private_networks,
        allowed_networks: networks,
        allowed_hosts: skills.allowed_hosts.clone(),
    };
    Ok(SkillClient::new(SkillClientParts {
        settings: client,
        sealer: sealer.clone(),
        clock: clock.clone(),
        randomness: randomness.clone(),
        names: Arc::new(SystemNames::default()),
    })?)
}

/// So many calls a minute, a sixth of them at once.
fn calls_per_minute(number: u32) -> Option<Quota> {
    Quota::per_minute(number, number / 6)
}

fn protection(settings: &Settings) -> Protection {
    let skills = &settings.skills;
    let breaker = BreakerPolicy {
        failures_in_row: skills.breaker_failures,
        first_pause: Duration::from_millis(skills.breaker_first_pause_ms),
        longest_pause: Duration::from_millis(skills.breaker_longest_pause_ms),
        ..BreakerPolicy::default()
    };
    let rate = calls_per_minute(skills.max_calls_per_minute);
    let rate_per_host = calls_per_minute(skills.max_calls_per_minute_to_host);
    Protection { max_concurrent: skills.max_concurrent_questions, rate, rate_per_host, breaker }
}
