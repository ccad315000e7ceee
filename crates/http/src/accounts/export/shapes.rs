use serde::Serialize;
use square_accounts::ports::{LinkedIdentity, SessionRecord};
use square_accounts::{AccountData, AuditEntry};
use square_kernel::UserId;
use square_wire::{Company, Event, QuestionView, Skill, Training, User};
use utoipa::ToSchema;
use uuid::Uuid;

/// All that is stored about an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Export {
    #[serde(flatten)]
    head: Head,
    /// Sessions, ended and expired ones included, newest first.
    sessions: Vec<StoredSession>,
    /// Skills, oldest first.
    skills: Vec<OwnedSkill>,
    /// Questions with their answers and what was said of them, newest first.
    questions: Vec<QuestionView>,
    /// Events, newest first.
    events: Vec<Event>,
    /// Companies with their bank accounts, newest first.
    companies: Vec<Company>,
    /// Entries of the audit log that concern the account, newest first.
    audit: Vec<EntryView>,
}

/// What is no list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Head {
    /// The account.
    account: User,
    /// The address that it is to have once that is confirmed; `null` where no other one was asked for.
    asked_address: Option<String>,
    /// Whether it has a password.
    password: bool,
    /// How many recovery codes are left; `null` where there is no authenticator app.
    recovery_codes: Option<usize>,
    /// Identities at providers by which one can sign in.
    login_methods: Vec<Identity>,
}

/// An identity at a provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identity {
    /// Its identifier.
    id: Uuid,
    /// `github`, `linkedin`, `google` or `facebook`.
    provider: String,
    /// Who one is there.
    subject: String,
    /// The address one is known by there.
    email: Option<String>,
    /// The name one is called by there.
    name: Option<String>,
    /// The public name one has there.
    user_name: Option<String>,
    /// Since when one can sign in by it, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A session, live or not.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoredSession {
    /// Its identifier.
    id: Uuid,
    /// When somebody signed in, RFC 3339.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last got tokens, RFC 3339.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Until when it can, or could, get new tokens, RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it ended, RFC 3339; `null` while it goes on, and where it expired.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Whether a second factor was given.
    second_factor: bool,
    /// The network address that it was opened from, where known.
    address: Option<String>,
    /// The user agent that it was opened with, where it named itself.
    agent: Option<String>,
}

/// A skill with what it was trained with.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnedSkill {
    #[serde(flatten)]
    pub(super) skill: Skill,
    /// Its newest training.
    pub(super) training: Option<Training>,
    /// The questions that it learnt from.
    pub(super) train_examples: Vec<String>,
    /// The questions that were held out.
    pub(super) dev_examples: Vec<String>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// Its identifier.
    id: Uuid,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    action: String,
    /// The account that did it; `null` for somebody not signed in, and for the operator.
    actor: Option<Uuid>,
    /// The account that it was done to.
    user: Option<Uuid>,
    /// The network address that it was done from, where known and one's own.
    address: Option<String>,
    /// The user agent, likewise.
    agent: Option<String>,
    /// What else there is to say, such as the name of a role.
    detail: Option<String>,
}

impl From<&AccountData> for Head {
    fn from(data: &AccountData) -> Self {
        Self {
            account: User::from(&data.account),
            asked_address: data.asked_address.as_ref().map(|address| address.as_str().to_owned()),
            password: data.ways_in.password,
            recovery_codes: data.recovery_codes,
            login_methods: data.ways_in.identities.iter().map(Identity::from).collect(),
        }
    }
}

impl From<&LinkedIdentity> for Identity {
    fn from(linked: &LinkedIdentity) -> Self {
        Self {
            id: linked.id.uuid(),
            provider: linked.provider.as_str().to_owned(),
            subject: linked.subject.as_str().to_owned(),
            email: linked.email.as_ref().map(|email| email.as_str().to_owned()),
            name: linked.name.given().map(str::to_owned),
            user_name: linked.user_name.given().map(str::to_owned),
            created_at: linked.created_at.to_string(),
        }
    }
}

impl From<&SessionRecord> for StoredSession {
    fn from(session: &SessionRecord) -> Self {
        Self {
            id: session.id.uuid(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.rotated_at.to_string(),
            expires_at: session.expires_at.to_string(),
            ended_at: session.ended_at.map(|ended| ended.to_string()),
            second_factor: session.second_factor,
            address: session.address.clone(),
            agent: session.agent.clone(),
        }
    }
}

impl From<&AuditEntry> for EntryView {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id.uuid(),
            at: entry.at.to_string(),
            action: entry.action.as_str().to_owned(),
            actor: entry.actor.user.map(UserId::uuid),
            user: entry.user.map(UserId::uuid),
            address: entry.actor.device.address.clone(),
            agent: entry.actor.device.agent.clone(),
            detail: entry.detail.clone(),
        }
    }
}
