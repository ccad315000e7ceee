mod address;
mod failure;
mod line;
mod link;
mod message;

pub use address::BrokerAddress;

use crate::SetupError;
use crate::one_by_one::{self, Carrier};
use crate::setup::is_time_limit;
use async_trait::async_trait;
use failure::Failure;
use link::Link;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use square_changes::Change;
use square_changes::ports::{Outcome, Receiver, Refusal};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Where and how changes are published to RabbitMQ.
#[derive(Debug, Clone)]
pub struct RabbitMqSettings {
    /// The broker, the virtual host and who we are there.
    pub address: BrokerAddress,
    /// The topic exchange, declared durable when a connection is made.
    pub exchange: String,
    /// How long it may take from finding the broker's address to a connection that is ready to publish.
    pub connect_timeout: Duration,
    /// How long it may take from the first message of a batch to its last confirmation.
    pub delivery_timeout: Duration,
    /// Certificates (PEM) of authorities to trust beside those of the system; for `amqps` only.
    pub authorities: Option<String>,
}

impl RabbitMqSettings {
    /// The defaults: 5 s to connect, 10 s to deliver, the system's certificates.
    pub fn new(address: BrokerAddress, exchange: impl Into<String>) -> Self {
        Self {
            address,
            exchange: exchange.into(),
            connect_timeout: Duration::from_secs(5),
            delivery_timeout: Duration::from_secs(10),
            authorities: None,
        }
    }
}

/// Publishes changes to a durable topic exchange of RabbitMQ (AMQP 0-9-1 with publisher confirms).
///
/// The routing key is `channel.action`, such as `skill.update`; messages are persistent and bear the change's id as
/// their `message_id`. They are sent ahead of their confirmations, so when the broker cannot store one in
/// the middle, those behind it may be seen before it comes again.
///
/// One connection is kept, and made anew after any failure. [`Receiver::deliver`] returns within the two limits of
/// [`RabbitMqSettings`] taken together.
pub struct RabbitMq {
    settings: RabbitMqSettings,
    idle: Mutex<Option<Link>>,
}

impl RabbitMq {
    /// How many messages are sent ahead of their confirmations.
    const BATCH: u32 = 200;

    /// Checks the settings; the first connection is made when the first change comes.
    pub fn new(settings: RabbitMqSettings) -> Result<Self, SetupError> {
        // AMQP writes the length of a name into one byte.
        if settings.exchange.is_empty() || settings.exchange.len() > 255 {
            return Err(SetupError::new("rabbitmq.exchange", "must be a name of 1 to 255 bytes"));
        }
        if settings.authorities.as_deref().is_some_and(|pem| !holds_certificates(pem)) {
            return Err(SetupError::new("rabbitmq.authorities", "must be certificates in PEM"));
        }
        if !is_time_limit(settings.connect_timeout) {
            return Err(SetupError::new("rabbitmq.connect_timeout_ms", "must be 1 to 3600000"));
        }
        if !is_time_limit(settings.delivery_timeout) {
            return Err(SetupError::new("rabbitmq.delivery_timeout_ms", "must be 1 to 3600000"));
        }
        Ok(Self { settings, idle: Mutex::new(None) })
    }

    /// Goes as far as delivering would without publishing: connects, logs in and declares the exchange. What went wrong is told in one
    /// sentence.
    pub async fn try_out(&self) -> Result<(), String> {
        let deadline = Instant::now() + self.settings.connect_timeout;
        match Link::open(&self.settings, deadline).await {
            Ok(link) => {
                link.close();
                Ok(())
            }
            Err(failure) => match failure.refusal(&self.settings) {
                Refusal::Temporary(reason) | Refusal::Permanent(reason) => Err(reason),
            },
        }
    }

    /// Publishes over the kept connection, or a new one; keeps it where it can be used again.
    async fn publish(&self, changes: &[Change], deadline: Instant) -> Result<Outcome, Failure> {
        let mut idle = self.idle.lock().await;
        let link = match idle.take().filter(Link::is_open) {
            Some(link) => link,
            None => Link::open(&self.settings, deadline).await?,
        };
        if link.is_blocked() {
            *idle = Some(link);
            return Err(Failure::Blocked);
        }
        let deadline = deadline.min(Instant::now() + self.settings.delivery_timeout);
        let (delivered, failure) = link.publish(&self.settings.exchange, changes, deadline).await;
        // A blocked connection stays: a broker short of memory does not notice that it was given up, and would have
        // to bear a further one at each attempt.
        if failure.is_none() || link.is_blocked() {
            *idle = Some(link);
        }
        let refusal = failure.map(|failure| failure.refusal(&self.settings));
        Ok(Outcome { delivered, refusal })
    }
}

fn holds_certificates(pem: &str) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.is_ok_and(|certificates| !certificates.is_empty())
}

#[async_trait]
impl Receiver for RabbitMq {
    fn name(&self) -> &'static str {
        "rabbitmq"
    }

    fn batch(&self) -> u32 {
        Self::BATCH
    }

    async fn deliver(&self, changes: &[Change]) -> Outcome {
        let limit = self.settings.connect_timeout.saturating_add(self.settings.delivery_timeout);
        one_by_one::hand_over(&Delivery { to: self, deadline: Instant::now() + limit }, changes).await
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        // A blocked broker would hear no farewell.
        if let Some(link) = self.idle.get_mut().take().filter(|link| !link.is_blocked()) {
            link.close();
        }
    }
}

/// One call of [`Receiver::deliver`].
struct Delivery<'a> {
    to: &'a RabbitMq,
    deadline: Instant,
}

#[async_trait]
impl Carrier for Delivery<'_> {
    async fn carry(&self, changes: &[Change]) -> Outcome {
        self.to.publish(changes, self.deadline).await.unwrap_or_else(|failure| Outcome {
            delivered: 0,
            refusal: Some(failure.refusal(&self.to.settings)),
        })
    }
}
