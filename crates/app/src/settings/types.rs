use super::selectors::Selectors;
use super::social::Social;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use square_kernel::Secret;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// All settings. `config/default.toml` explains each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) data: Data,
    pub(crate) auth: Auth,
    pub(crate) passwords: Passwords,
    pub(crate) accounts: Accounts,
    pub(crate) mail: Mail,
    pub(crate) social: Social,
    pub(crate) skills: Skills,
    pub(crate) selectors: Selectors,
    pub(crate) questions: Questions,
    pub(crate) events: Events,
    pub(crate) openai: OpenAi,
    pub(crate) socketio: SocketIo,
    pub(crate) rabbitmq: RabbitMq,
    pub(crate) pusher: Pusher,
    pub(crate) rollbar: Rollbar,
    pub(crate) log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxyHeader {
    XForwardedFor,
    Forwarded,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) bind: SocketAddr,
    pub(crate) base_path: String,
    pub(crate) public_url: String,
    pub(crate) workers: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) head_timeout_ms: u64,
    pub(crate) body_timeout_ms: u64,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) proxy_header: ProxyHeader,
    pub(crate) shutdown_timeout_s: u64,
}

impl Http {
    /// What browsers call a server at the public address; `None` where there is none, or it is no address.
    pub(crate) fn public_origin(&self) -> Option<String> {
        let url = Url::parse(&self.public_url).ok()?;
        url.has_host().then(|| url.origin().ascii_serialization())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) read_connections: u32,
    pub(crate) write_connections: u32,
    pub(crate) busy_timeout_ms: u64,
    pub(crate) connect_timeout_ms: u64,
    pub(crate) statement_timeout_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "HS256")]
    Hs256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubjectSetting {
    Id,
    Square,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) secret_key: SecretSetting,
    pub(crate) secret_key_previous: SecretList,
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) subject: SubjectSetting,
    pub(crate) access_token_s: u32,
    pub(crate) signing_key_days: u32,
    pub(crate) signing_key_lead_s: u32,
    pub(crate) session_days: u32,
    pub(crate) session_max_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passwords {
    pub(crate) salt: SecretSetting,
    pub(crate) salt_previous: SecretList,
    pub(crate) cost: u32,
    pub(crate) threads: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accounts {
    pub(crate) email_required: bool,
    pub(crate) confirmation_hours: u32,
    pub(crate) reset_minutes: u32,
    pub(crate) email_change_hours: u32,
    pub(crate) anonymous_role: String,
    pub(crate) limits: AccountLimits,
    pub(crate) mfa_issuer: String,
    pub(crate) mfa_required_roles: Vec<String>,
    pub(crate) audit_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SocketIo {
    pub(crate) enabled: bool,
    pub(crate) path: String,
    pub(crate) most_sessions: usize,
    pub(crate) most_sessions_per_address: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    pub(crate) per_owner: u32,
}

/// The calls that are like OpenAI's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenAi {
    pub(crate) enabled: bool,
    pub(crate) path: String,
}

impl OpenAi {
    /// Where they stand; `None` where they are left out.
    pub(crate) fn path_in_use(&self) -> Option<String> {
        self.enabled.then(|| self.path.clone())
    }
}

/// Each an hour; 0 for no limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountLimits {
    pub(crate) sign_ins_per_name: u32,
    pub(crate) sign_ins_per_device: u32,
    pub(crate) sign_ins_per_address: u32,
    pub(crate) registrations_per_address: u32,
    pub(crate) letters_per_address: u32,
    pub(crate) letters_per_mailbox: u32,
    pub(crate) links_per_address: u32,
    pub(crate) refreshes_per_address: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailTransport {
    File,
    Smtp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    pub(crate) transport: MailTransport,
    pub(crate) folder: PathBuf,
    pub(crate) from: String,
    pub(crate) templates: PathBuf,
    pub(crate) links: MailLinks,
    pub(crate) smtp: SmtpSettings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailLinks {
    pub(crate) confirm: String,
    pub(crate) reset: String,
    pub(crate) change_email: String,
    pub(crate) link_social: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SmtpSecurity {
    None,
    Starttls,
    Tls,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    pub(crate) username: String,
    pub(crate) password: SecretSetting,
    pub(crate) timeout_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Skills {
    pub(crate) allow_private_networks: bool,
    pub(crate) allowed_networks: Vec<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) connect_timeout_ms: u64,
    pub(crate) first_byte_timeout_ms: u64,
    pub(crate) idle_timeout_ms: u64,
    pub(crate) time_limit_ms: u64,
    pub(crate) max_response_bytes: u64,
    pub(crate) max_concurrent_questions: usize,
    pub(crate) max_calls_per_minute: u32,
    pub(crate) max_calls_per_minute_to_host: u32,
    pub(crate) max_per_owner: u32,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_first_pause_ms: u64,
    pub(crate) breaker_longest_pause_ms: u64,
    pub(crate) health_interval_s: u64,
    pub(crate) limits: SkillLimits,
    pub(crate) proposals: Proposals,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkillLimits {
    pub(crate) probes_per_owner: u32,
    pub(crate) probes_per_host: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposals {
    pub(crate) per_skill: u32,
    pub(crate) per_asker: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Questions {
    pub(crate) account_required: bool,
    pub(crate) keep_days: u32,
    pub(crate) keep_pieces_hours: u32,
    pub(crate) grace_s: u64,
    pub(crate) heartbeat_s: u64,
    pub(crate) limits: QuestionLimits,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionLimits {
    pub(crate) signed_in: AskerLimits,
    pub(crate) anonymous: AskerLimits,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskerLimits {
    pub(crate) per_minute: u32,
    pub(crate) burst: u32,
    pub(crate) at_once: u32,
    pub(crate) max_skills: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RabbitMq {
    pub(crate) address: String,
    #[serde(deserialize_with = "text")]
    pub(crate) user: String,
    pub(crate) password: SecretSetting,
    #[serde(deserialize_with = "text")]
    pub(crate) vhost: String,
    #[serde(deserialize_with = "text")]
    pub(crate) exchange: String,
    pub(crate) authorities: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pusher {
    #[serde(deserialize_with = "text")]
    pub(crate) app_id: String,
    #[serde(deserialize_with = "text")]
    pub(crate) key: String,
    pub(crate) secret: SecretSetting,
    pub(crate) cluster: String,
    pub(crate) host: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollbar {
    pub(crate) token: SecretSetting,
    pub(crate) endpoint: String,
    #[serde(deserialize_with = "text")]
    pub(crate) server: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

/// A secret among the settings. Empty stands for "not set".
#[derive(Debug, Clone)]
pub(crate) struct SecretSetting(Secret);

impl SecretSetting {
    /// The secret, unless it is empty.
    pub(crate) fn get(&self) -> Option<&Secret> {
        (!self.0.expose().is_empty()).then_some(&self.0)
    }

    /// Sets what was left empty.
    pub(crate) fn fill(&mut self, secret: Secret) {
        self.0 = secret;
    }
}

impl<'de> Deserialize<'de> for SecretSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// Secrets among the settings: a list, or a text with commas between them. Empty ones count for nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretList(Vec<Secret>);

impl SecretList {
    /// The secrets, as they were given.
    pub(crate) fn get(&self) -> &[Secret] {
        &self.0
    }

    /// Adds further ones.
    pub(crate) fn extend(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.0.extend(secrets);
    }
}

impl<'de> Deserialize<'de> for SecretList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            List(Vec<SecretSetting>),
            Text(SecretSetting),
        }
        let secrets: Vec<Secret> = match Form::deserialize(deserializer)? {
            Form::List(list) => list.into_iter().filter_map(|setting| setting.get().cloned()).collect(),
            Form::Text(setting) => setting.0.expose().split(',').map(str::trim).map(Secret::new).collect(),
        };
        Ok(Self(secrets.into_iter().filter(|secret| !secret.expose().is_empty()).collect()))
    }
}

/// A text. Digits alone are text too: the environment cannot say so by itself.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u128<E>(self, number: u128) -> Result<String, E> {
            Ok(number.to_string())
        }
    }

    deserializer.deserialize_any(Text)
}
