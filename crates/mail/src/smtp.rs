use crate::{Composer, SetupError};
use async_trait::async_trait;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use square_accounts::ports::{PostError, Postman};
use square_accounts::{Letter, LetterId};
use square_kernel::Secret;
use std::error::Error;
use std::time::Duration;
use tracing::debug;

/// What is said of a mail server that falls silent.
const NO_ANSWER: &str = "the mail server did not answer in time";

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpSecurity {
    /// Begins in the clear and must be upgraded by STARTTLS (RFC 3207) before anything is sent; port 587.
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314); port 465.
    Tls,
    /// Not at all; port 25. For a server on this machine or a trusted network.
    None,
}

impl SmtpSecurity {
    /// The port such connections go to by convention.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Where and how to hand letters to a mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `mail.smtp.host`: its name, which its certificate must bear.
    pub host: String,
    /// `mail.smtp.port`; the usual one of `security` where none is given.
    pub port: Option<u16>,
    /// `mail.smtp.security`.
    pub security: SmtpSecurity,
    /// `mail.smtp.username` and `mail.smtp.password`, where the server asks for them.
    pub credentials: Option<(String, Secret)>,
    /// `mail.smtp.timeout_ms`: how long handing over one letter may take.
    pub timeout: Duration,
    /// `mail.smtp.connections`: how many connections are kept at most.
    pub connections: u32,
    /// `mail.smtp.hello_name`: how this machine introduces itself; its address where no name is given.
    pub hello_name: Option<String>,
}

impl SmtpSettings {
    /// The defaults for a server: STARTTLS, no credentials, 30 s, 2 connections.
    pub fn for_host(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            security: SmtpSecurity::default(),
            credentials: None,
            timeout: Duration::from_secs(30),
            connections: 2,
            hello_name: None,
        }
    }
}

/// Hands letters to a mail server (SMTP, RFC 5321).
pub struct SmtpPostman {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
    composer: Composer,
}

impl SmtpPostman {
    /// Checks the settings; the first connection is made when the first letter comes.
    pub fn new(settings: SmtpSettings, composer: Composer) -> Result<Self, SetupError> {
        check(&settings)?;
        let SmtpSettings { host, port, security, credentials, timeout, connections, hello_name } = settings;
        let tls = tls(&host, security)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port.unwrap_or(security.default_port()))
            .tls(tls)
            .timeout(Some(timeout))
            .pool_config(PoolConfig::new().max_size(connections));
        if let Some((username, password)) = credentials {
            builder = builder.credentials(Credentials::new(username, password.expose().to_owned()));
        }
        if let Some(name) = hello_name {
            builder = builder.hello_name(ClientId::Domain(name));
        }
        Ok(Self { transport: builder.build(), timeout, composer })
    }

    /// Goes as far as a letter would without sending one: connects, introduces itself, has the connection secured and signs in, as
    /// the settings say. What went wrong is told in one sentence.
    pub async fn try_out(&self) -> Result<(), String> {
        match tokio::time::timeout(self.timeout, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server hangs up".to_owned()),
            Ok(Err(error)) => Err(match error.status().map(u16::from) {
                Some(code) if is_of_credentials(code) => refused_credentials(code),
                Some(code) => format!("the mail server turns us away with code {code}"),
                None => trouble(&error),
            }),
            Err(_) => Err(NO_ANSWER.to_owned()),
        }
    }
}

#[async_trait]
impl Postman for SmtpPostman {
    async fn send(&self, id: LetterId, letter: &Letter) -> Result<(), PostError> {
        let message = self.composer.compose(id, letter)?;
        // The transport's own limit is for connecting; this one also covers a server that falls silent.
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => {
                debug!(letter = %id, occasion = letter.occasion.name(), "letter handed to the mail server");
                Ok(())
            }
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(PostError::Temporary(NO_ANSWER.to_owned())),
        }
    }
}

fn check(settings: &SmtpSettings) -> Result<(), SetupError> {
    let blank = |text: &str| text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control());
    if blank(&settings.host) {
        return Err(SetupError::setting("mail.smtp.host", "must be the name of a mail server"));
    }
    if settings.hello_name.as_deref().is_some_and(blank) {
        return Err(SetupError::setting("mail.smtp.hello_name", "must be the name of this machine"));
    }
    if settings.timeout.is_zero() {
        return Err(SetupError::setting("mail.smtp.timeout_ms", "must be at least 1"));
    }
    if settings.connections == 0 {
        return Err(SetupError::setting("mail.smtp.connections", "must be at least 1"));
    }
    let here = matches!(settings.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    if settings.security == SmtpSecurity::None && settings.credentials.is_some() && !here {
        let reason = "must be starttls or tls, or the password would be sent in the clear";
        return Err(SetupError::setting("mail.smtp.security", reason));
    }
    Ok(())
}

fn tls(host: &str, security: SmtpSecurity) -> Result<Tls, SetupError> {
    let parameters = || {
        TlsParameters::new_rustls(host.to_owned())
            .map_err(|error| SetupError::setting("mail.smtp.security", format!("cannot be had: {error}")))
    };
    Ok(match security {
        SmtpSecurity::StartTls => Tls::Required(parameters()?),
        SmtpSecurity::Tls => Tls::Wrapper(parameters()?),
        SmtpSecurity::None => Tls::None,
    })
}

/// Says what happened without a word of the server's own, since replies like to repeat the address.
fn explain(error: &smtp::Error) -> PostError {
    if let Some(code) = error.status().map(u16::from) {
        return match code {
            code if is_of_credentials(code) => PostError::Temporary(refused_credentials(code)),
            500.. => PostError::Permanent(format!("the mail server refused the letter with code {code}")),
            _ => PostError::Temporary(format!("the mail server put the letter off with code {code}")),
        };
    }
    PostError::Temporary(trouble(error))
}

/// RFC 4954: it is our credentials that are at fault, not the letter.
const fn is_of_credentials(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

fn refused_credentials(code: u16) -> String {
    format!("the mail server refused the credentials with code {code}")
}

/// What went wrong without a reply that says so.
fn trouble(error: &smtp::Error) -> String {
    if error.is_timeout() {
        NO_ANSWER.to_owned()
    } else if error.is_tls() {
        "no secure connection to the mail server came about".to_owned()
    } else if error.is_response() {
        "the mail server's reply is no SMTP".to_owned()
    } else if let Some(kind) = io_kind(error) {
        format!("the connection to the mail server failed: {kind}")
    } else {
        "the mail server cannot take the letter as it is".to_owned()
    }
}

fn io_kind(error: &smtp::Error) -> Option<std::io::ErrorKind> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = cause.source();
    }
    None
}
