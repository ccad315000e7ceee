use super::RabbitMqSettings;
use super::failure::{Failure, NoTls, Stage};
use super::line::{Line, quiet_this_thread};
use super::message::{body, properties, routing_key};
use async_compat::CompatExt;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::tcp::OwnedTLSConfig;
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{
    AsyncTcpStream, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind, PublisherConfirm,
};
use square_changes::Change;
use std::io;
use std::sync::{Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// After how many seconds without a word each side makes sure of the other.
const HEARTBEAT_SECONDS: u16 = 20;

/// A connection that is ready to publish. Dropped, it is hung up.
pub(super) struct Link {
    // Before the others, so that it is hung up before lapin would take its leave.
    line: Line,
    channel: Channel,
    connection: Connection,
}

impl Link {
    /// Connects, logs in, declares the exchange and asks for confirmations, all before `deadline` and within the
    /// limit of the settings.
    pub(super) async fn open(settings: &RabbitMqSettings, deadline: Instant) -> Result<Self, Failure> {
        let deadline = deadline.min(Instant::now() + settings.connect_timeout);
        match timeout_at(deadline, Self::set_up(settings)).await {
            Ok(link) => link,
            Err(_) => Err(Failure::NotReady),
        }
    }

    async fn set_up(settings: &RabbitMqSettings) -> Result<Self, Failure> {
        let address = &settings.address;
        let stream =
            TcpStream::connect((address.host(), address.port())).await.map_err(Failure::Unreachable)?;
        stream.set_nodelay(true).map_err(Failure::Unreachable)?;
        let (line, stream) = Line::hold(stream).map_err(Failure::Unreachable)?;
        let connection = log_in(settings, stream).await.map_err(Failure::at(Stage::LogIn))?;
        let channel = connection.create_channel().await.map_err(Failure::at(Stage::LogIn))?;
        declare(&channel, &settings.exchange).await.map_err(Failure::at(Stage::Exchange))?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(Failure::at(Stage::Exchange))?;
        Ok(Self { line, channel, connection })
    }

    /// Whether nothing is known that would keep it from being used.
    pub(super) fn is_open(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Whether the broker said that it takes nothing for now.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_open() && self.connection.status().blocked()
    }

    /// Publishes `changes` one behind the other, then gathers the confirmations. Tells how many of the first were
    /// confirmed, and what came of the next one.
    pub(super) async fn publish(
        &self,
        exchange: &str,
        changes: &[Change],
        deadline: Instant,
    ) -> (usize, Option<Failure>) {
        let late = || if self.is_blocked() { Failure::Blocked } else { Failure::NotConfirmed };
        let mut sent = Vec::with_capacity(changes.len());
        let mut failure = None;
        for change in changes {
            match timeout_at(deadline, self.send(exchange, change)).await {
                Ok(Ok(confirmation)) => sent.push(confirmation),
                Ok(Err(error)) => failure = Some(error),
                Err(_) => failure = Some(late()),
            }
            if failure.is_some() {
                break;
            }
        }
        let count = sent.len();
        for (confirmed, confirmation) in sent.into_iter().enumerate() {
            let failure = match timeout_at(deadline, confirmation).await {
                Ok(Ok(Confirmation::Ack(_))) => continue,
                Ok(Ok(Confirmation::Nack(_) | Confirmation::NotRequested)) => Failure::NotStored,
                Ok(Err(error)) => Failure::at(Stage::Publish)(error),
                Err(_) => late(),
            };
            return (confirmed, Some(failure));
        }
        (count, failure)
    }

    async fn send(&self, exchange: &str, change: &Change) -> Result<PublisherConfirm, Failure> {
        let body = body(change).map_err(|_| Failure::Unwritable)?;
        let options = BasicPublishOptions::default();
        self.channel
            .basic_publish(exchange.into(), routing_key(change), options, &body, properties(change))
            .await
            .map_err(Failure::at(Stage::Publish))
    }

    /// Takes its leave of the broker in the background.
    pub(super) fn close(self) {
        self.line.let_go();
    }
}

/// Logs in over `stream`. lapin would make the connection itself, but then nobody could hang it up.
async fn log_in(settings: &RabbitMqSettings, stream: TcpStream) -> lapin::Result<Connection> {
    let secure = settings.address.is_secure();
    let tls = OwnedTLSConfig { identity: None, cert_chain: settings.authorities.clone() };
    let stream = Mutex::new(Some(stream));
    let connect = async move |uri: AMQPUri, _| {
        quiet_this_thread();
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        // It is asked for again only after a failure, which is for us to deal with.
        let stream = stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        let stream = AsyncTcpStream::Plain(stream.compat());
        if !secure {
            return Ok(stream);
        }
        let upgraded = stream.into_tls(&uri.authority.host, tls.as_ref()).await;
        Ok(upgraded.map_err(|error| io::Error::other(NoTls(error)))?)
    };
    // Without recovery of its own, which is what `ConnectionProperties` mean by default.
    let properties = ConnectionProperties::default().with_connection_name("square".into());
    let uri = settings.address.uri(HEARTBEAT_SECONDS);
    Connection::connector(uri, lapin::runtime::default_runtime()?, connect, properties).await
}

async fn declare(channel: &Channel, exchange: &str) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(exchange.into(), ExchangeKind::Topic, options, FieldTable::default()).await
}
