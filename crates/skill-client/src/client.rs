use crate::address::is_public;
use crate::remote::{RemoteSkill, Unusable};
use crate::resolver::{GuardedResolver, only_public};
use async_trait::async_trait;
use reqwest::Client;
use reqwest::redirect::Policy;
use square_kernel::{FieldError, Sealer, Unavailable};
use square_skills::ports::{AddressGuard, Connector};
use square_skills::{RegisteredSkill, Skill, SkillFailure, SkillUrl};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use thread_local::ThreadLocal;
use url::{Host, Url};

/// How remote skills are asked.
#[derive(Debug, Clone)]
pub struct SkillClientSettings {
    /// How long finding the address, connecting and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long a skill has for its whole answer, connecting included.
    pub time_limit: Duration,
    /// The largest reply taken, in bytes after decompression.
    pub max_response_bytes: u64,
    /// Whether skills may be in private, loopback and link-local networks.
    pub allow_private_networks: bool,
}

impl Default for SkillClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            time_limit: Duration::from_secs(30),
            max_response_bytes: 1024 * 1024,
            allow_private_networks: false,
        }
    }
}

/// Asks remote skills. Connections are kept and shared by all skills at one host.
pub struct SkillClient {
    http: Arc<Clients>,
    settings: SkillClientSettings,
    sealer: Arc<dyn Sealer>,
}

/// One client a thread: a connection is worked on by the thread that opened it, so an answer need not wake
/// another one on its way.
pub(crate) struct Clients {
    settings: SkillClientSettings,
    of_threads: ThreadLocal<Client>,
}

impl Clients {
    fn new(settings: SkillClientSettings) -> Result<Self, Unavailable> {
        let clients = Self { settings, of_threads: ThreadLocal::new() };
        // What cannot be made here cannot be made on any thread, and is better known at the start.
        clients.get()?;
        Ok(clients)
    }

    /// The client of this thread.
    pub(crate) fn get(&self) -> Result<&Client, Unavailable> {
        self.of_threads.get_or_try(|| self.make())
    }

    fn make(&self) -> Result<Client, Unavailable> {
        let builder = || {
            Client::builder()
                .user_agent(concat!("square/", env!("CARGO_PKG_VERSION")))
                .http1_only()
                .tcp_nodelay(true)
                .connect_timeout(self.settings.connect_timeout)
                .pool_idle_timeout(Duration::from_secs(30))
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                .dns_resolver(GuardedResolver { allow_private: self.settings.allow_private_networks })
        };
        builder().build().or_else(|error| {
            tracing::warn!(%error, "no root certificates: skills over https cannot be reached");
            builder().tls_certs_only([]).build().map_err(Unavailable::new)
        })
    }
}

impl SkillClient {
    /// Makes a client whose skills' secrets were sealed by `sealer`.
    ///
    /// On a machine without root certificates, skills over plain HTTP can be asked and those over HTTPS
    /// cannot be reached; a warning is logged.
    pub fn new(settings: SkillClientSettings, sealer: Arc<dyn Sealer>) -> Result<Self, Unavailable> {
        Ok(Self { http: Arc::new(Clients::new(settings.clone())?), settings, sealer })
    }

    /// Makes what answers for a remote skill. One that cannot be asked, because its address is not allowed,
    /// its secret cannot be opened or it is a part of this process, fails every question.
    pub fn connect_remote(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        match RemoteSkill::new(Arc::clone(&self.http), &self.settings, &*self.sealer, skill) {
            Ok(remote) => Arc::new(remote),
            Err(failure) => {
                tracing::warn!(skill = %skill.id, %failure, "a skill cannot be asked");
                Arc::new(Unusable(failure))
            }
        }
    }
}

impl Connector for SkillClient {
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
        if self.settings.allow_private_networks {
            return Ok(());
        }
        let url = Url::parse(url.as_str())
            .map_err(|_| FieldError::new("url", "must be an absolute http or https URL"))?;
        if let Some(address) = literal(&url) {
            return if is_public(address) { Ok(()) } else { Err(refused()) };
        }
        let name = url.host_str().unwrap_or_default();
        let lookup = tokio::net::lookup_host((name, 0));
        match tokio::time::timeout(self.settings.connect_timeout, lookup).await {
            Ok(Ok(found)) => only_public(found).map(drop).map_err(|_| refused()),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

/// The address in a URL whose host is one; those are connected to without asking the resolver.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Whether the settings let this server call the URL, as far as the URL alone tells.
pub(crate) fn allowed(url: &Url, settings: &SkillClientSettings) -> Result<(), SkillFailure> {
    match literal(url) {
        Some(address) if !settings.allow_private_networks && !is_public(address) => {
            Err(SkillFailure::AddressNotAllowed)
        }
        _ => Ok(()),
    }
}
