use crate::connection::{self, Connector, HttpClient};
use crate::names::Names;
use crate::reach::{AllowedNetwork, Reach};
use crate::remote::{RemoteSkill, Unusable};
use crate::resolver::GuardedResolver;
use crate::signing::Signer;
use crate::transport::{Limits, Transport};
use async_trait::async_trait;
use http::HeaderValue;
use square_kernel::{Clock, FieldError, Randomness, Sealer, Unavailable};
use square_skills::ports::{self, AddressGuard};
use square_skills::{RegisteredSkill, Skill, SkillFailure, SkillUrl};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use thread_local::ThreadLocal;
use url::{Host, Url};

/// What the heads of a reply may take, in bytes.
const MOST_OF_HEADS: u64 = 1024 * 1024;

/// How remote skills are asked.
#[derive(Debug, Clone)]
pub struct SkillClientSettings {
    /// How long finding the address, connecting and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long a skill has until its answer begins, connecting included.
    pub first_byte_timeout: Duration,
    /// How long a skill may be silent in the middle of its answer.
    pub idle_timeout: Duration,
    /// How long a skill has for its whole answer, connecting included.
    pub time_limit: Duration,
    /// The largest reply taken, in bytes after decompression.
    pub max_response_bytes: u64,
    /// Whether skills may be in private, loopback and link-local networks.
    pub allow_private_networks: bool,
    /// Networks that skills may be in all the same.
    pub allowed_networks: Vec<AllowedNetwork>,
    /// Hosts that skills may have, wherever their names lead.
    pub allowed_hosts: Vec<String>,
}

impl Default for SkillClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            first_byte_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(10),
            time_limit: Duration::from_secs(30),
            max_response_bytes: 1024 * 1024,
            allow_private_networks: false,
            allowed_networks: Vec::new(),
            allowed_hosts: Vec::new(),
        }
    }
}

/// What a [`SkillClient`] is made of.
pub struct SkillClientParts {
    /// How skills are asked.
    pub settings: SkillClientSettings,
    /// Has sealed the skills' secrets.
    pub sealer: Arc<dyn Sealer>,
    /// The time, for signatures.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub randomness: Arc<dyn Randomness>,
    /// Finds the addresses of hosts.
    pub names: Arc<dyn Names>,
}

/// Asks remote skills. Connections are kept and shared by all skills at one host.
pub struct SkillClient {
    pub(crate) parts: Parts,
}

/// What all remote skills share.
pub(crate) struct Parts {
    pub(crate) http: Arc<Clients>,
    pub(crate) settings: SkillClientSettings,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) resolver: GuardedResolver,
}

/// One client a thread: a connection is worked on by the thread that opened it, so an answer need not wake
/// another one on its way.
pub(crate) struct Clients {
    connector: Connector,
    of_threads: ThreadLocal<HttpClient>,
}

impl Clients {
    /// The client of this thread.
    pub(crate) fn get(&self) -> HttpClient {
        self.of_threads.get_or(|| connection::client(self.connector.clone())).clone()
    }
}

impl Parts {
    /// Makes the calls to the skill at `home`.
    pub(crate) fn transport(
        &self,
        home: Url,
        authorization: Option<HeaderValue>,
        signer: Option<Signer>,
    ) -> Transport {
        let settings = &self.settings;
        let limits = Limits {
            first_byte: settings.first_byte_timeout,
            idle: settings.idle_timeout,
            whole: settings.time_limit,
            bytes: settings.max_response_bytes,
        };
        Transport { http: Arc::clone(&self.http), limits, home, authorization, signer }
    }

    /// Whether the settings let this server call the URL, as far as the URL alone tells.
    pub(crate) fn allowed(&self, url: &Url) -> Result<(), SkillFailure> {
        match literal(url) {
            Some(address) if !self.resolver.reach.permits(address) => Err(SkillFailure::AddressNotAllowed),
            _ => Ok(()),
        }
    }
}

impl SkillClient {
    /// Makes a client.
    ///
    /// On a machine without root certificates, skills over plain HTTP can be asked and those over HTTPS
    /// cannot be reached; a warning is logged.
    pub fn new(parts: SkillClientParts) -> Result<Self, Unavailable> {
        let SkillClientParts { settings, sealer, clock, randomness, names } = parts;
        let reach = Reach {
            everywhere: settings.allow_private_networks,
            networks: settings.allowed_networks.clone(),
            hosts: settings.allowed_hosts.clone(),
        };
        let resolver = GuardedResolver { names, reach: Arc::new(reach) };
        // A reply that comes in chunks of one byte each takes six times what it says; the rest is for heads.
        let most_bytes = settings.max_response_bytes.saturating_mul(8).saturating_add(MOST_OF_HEADS);
        let connector = Connector::new(resolver.clone(), settings.connect_timeout, most_bytes)?;
        let http = Arc::new(Clients { connector, of_threads: ThreadLocal::new() });
        Ok(Self { parts: Parts { http, settings, sealer, clock, randomness, resolver } })
    }

    /// Makes what answers for a remote skill. One that cannot be asked, because its address is not allowed,
    /// its secret cannot be opened or it is a part of this process, fails every question.
    pub fn connect_remote(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        match RemoteSkill::new(&self.parts, skill) {
            Ok(remote) => Arc::new(remote),
            Err(failure) => {
                tracing::warn!(skill = %skill.id, %failure, "a skill cannot be asked");
                Arc::new(Unusable(failure))
            }
        }
    }
}

impl ports::Connector for SkillClient {
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        self.connect_remote(skill)
    }
}

#[async_trait]
impl AddressGuard for SkillClient {
    /// A name that cannot be resolved at the moment is let pass: what it leads to is checked again whenever
    /// it is connected to.
    async fn check(&self, url: &SkillUrl) -> Result<(), FieldError> {
        let refused = || FieldError::new("url", "must not lead into a private network");
        let url = Url::parse(url.as_str())
            .map_err(|_| FieldError::new("url", "must be an absolute http or https URL"))?;
        if literal(&url).is_some() {
            return self.parts.allowed(&url).map_err(|_| refused());
        }
        let name = url.host_str().unwrap_or_default();
        if self.parts.resolver.reach.trusts(name) {
            return Ok(());
        }
        let lookup = self.parts.resolver.lookup(name);
        match tokio::time::timeout(self.parts.settings.connect_timeout, lookup).await {
            Ok(Ok(Err(_))) => Err(refused()),
            Ok(Ok(Ok(_)) | Err(_)) | Err(_) => Ok(()),
        }
    }
}

/// The address in a URL whose host is one; those are connected to without asking the resolver.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}
