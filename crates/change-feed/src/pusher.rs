mod reply;
mod server;
mod signature;

pub use server::PusherServer;

use crate::SetupError;
use crate::one_by_one::{self, Carrier};
use crate::setup::is_time_limit;
use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use signature::Signer;
use square_changes::Change;
use square_changes::ports::{Outcome, Receiver, Refusal};
use square_kernel::{Clock, Secret};
use square_wire::ChangeMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Where changes are handed over to Pusher Channels, and as which app.
#[derive(Debug, Clone)]
pub struct PusherSettings {
    /// Where its HTTP API is.
    pub server: PusherServer,
    /// The app's id.
    pub app_id: String,
    /// The app's key, which clients know too.
    pub key: String,
    /// The app's secret, with which requests are signed.
    pub secret: Secret,
    /// How long handing over one batch may take.
    pub timeout: Duration,
}

impl PusherSettings {
    /// The defaults: 10 s for a batch.
    pub fn new(
        server: PusherServer,
        app_id: impl Into<String>,
        key: impl Into<String>,
        secret: Secret,
    ) -> Self {
        Self { server, app_id: app_id.into(), key: key.into(), secret, timeout: Duration::from_secs(10) }
    }
}

/// Hands changes to Pusher Channels, or to a server that speaks its HTTP API.
///
/// A change becomes the event `action` on the public channel named like the change's. Its data is the JSON of
/// [`ChangeMessage`] as a string.
pub struct Pusher {
    http: Client,
    server: PusherServer,
    path: String,
    signer: Signer,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

/// One event of a batch, as Pusher's documentation has it.
#[derive(Serialize)]
struct Event {
    channel: &'static str,
    name: &'static str,
    data: String,
}

#[derive(Serialize)]
struct Batch {
    batch: Vec<Event>,
}

impl Pusher {
    /// How many events Pusher takes at once.
    const BATCH: u32 = 10;

    /// Checks the settings; `clock` dates the signatures, which Pusher takes for ten minutes.
    ///
    /// On a machine without root certificates, servers over plain HTTP can be reached and those over HTTPS
    /// cannot; a warning is logged.
    pub fn new(settings: PusherSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if !plain(&settings.app_id) {
            return Err(SetupError::new("pusher.app_id", "must be the id of a Pusher app"));
        }
        if !plain(&settings.key) {
            return Err(SetupError::new("pusher.key", "must be the key of a Pusher app"));
        }
        if settings.secret.expose().is_empty() {
            return Err(SetupError::new("pusher.secret", "must not be empty"));
        }
        if !is_time_limit(settings.timeout) {
            return Err(SetupError::new("pusher.timeout_ms", "must be 1 to 3600000"));
        }
        Ok(Self {
            http: client()
                .map_err(|_| SetupError::new("pusher.server", "cannot be reached securely from here"))?,
            server: settings.server,
            path: format!("/apps/{}/batch_events", settings.app_id),
            signer: Signer::new(settings.key, &settings.secret),
            clock,
            timeout: settings.timeout,
        })
    }

    /// Posts a batch.
    async fn post(&self, body: Vec<u8>) -> reqwest::Result<StatusCode> {
        let query = self.signer.query(&self.path, &body, self.clock.now());
        let url = self.server.url(&self.path, &query);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await?;
        let status = response.status();
        // Read to its end, so that the connection can be used again; a long one is not worth that.
        if response.content_length().is_some_and(|length| length <= 4096) {
            let _ = response.bytes().await;
        }
        Ok(status)
    }

    /// What Pusher says to `changes`, at most ten; `None` when it took them.
    async fn judged(&self, changes: &[Change], deadline: Instant) -> Option<Refusal> {
        let Ok(body) = body(changes) else { return Some(reply::unwritable()) };
        match timeout_at(deadline, self.post(body)).await {
            Ok(Ok(status)) => reply::refusal(status, &self.server),
            Ok(Err(error)) => Some(reply::failed(&error, &self.server)),
            Err(_) => Some(reply::late(self.timeout, &self.server)),
        }
    }
}

#[async_trait]
impl Receiver for Pusher {
    fn name(&self) -> &'static str {
        "pusher"
    }

    fn batch(&self) -> u32 {
        Self::BATCH
    }

    async fn deliver(&self, changes: &[Change]) -> Outcome {
        one_by_one::hand_over(&Delivery { to: self, deadline: Instant::now() + self.timeout }, changes).await
    }
}

/// One call of [`Receiver::deliver`].
struct Delivery<'a> {
    to: &'a Pusher,
    deadline: Instant,
}

#[async_trait]
impl Carrier for Delivery<'_> {
    async fn carry(&self, changes: &[Change]) -> Outcome {
        let mut delivered = 0;
        for batch in changes.chunks(Pusher::BATCH as usize) {
            if let Some(refusal) = self.to.judged(batch, self.deadline).await {
                return Outcome { delivered, refusal: Some(refusal) };
            }
            delivered += batch.len();
        }
        Outcome { delivered, refusal: None }
    }
}

fn body(changes: &[Change]) -> serde_json::Result<Vec<u8>> {
    let event = |change: &Change| {
        Ok(Event {
            channel: change.channel.as_str(),
            name: change.action.as_str(),
            data: serde_json::to_string(&ChangeMessage::from(change))?,
        })
    };
    let batch = changes.iter().map(event).collect::<serde_json::Result<_>>()?;
    serde_json::to_vec(&Batch { batch })
}

fn client() -> reqwest::Result<Client> {
    let builder = || {
        Client::builder()
            .user_agent(concat!("square/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .redirect(Policy::none())
            .referer(false)
            .gzip(false)
            .no_proxy()
    };
    builder().build().or_else(|error| {
        tracing::warn!(%error, "no root certificates: Pusher over https cannot be reached");
        builder().tls_certs_only([]).build()
    })
}
