use super::RabbitMqSettings;
use lapin::ErrorKind;
use square_changes::ports::Refusal;
use std::io;

/// Why a batch, or the rest of it, was not published.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection came about.
    Unreachable(io::Error),
    /// A connection came about, but it is not safe.
    Insecure(String),
    /// The time limit passed while connecting.
    NotReady,
    /// The time limit passed before everything was confirmed.
    NotConfirmed,
    /// The broker said that it takes nothing for now.
    Blocked,
    /// The broker could not store a message.
    NotStored,
    /// It broke off, or the connection broke, at this stage.
    Broken(Stage, lapin::Error),
    /// The message has no JSON.
    Unwritable,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Logging in and opening the virtual host.
    LogIn,
    /// Declaring the exchange.
    Exchange,
    /// Publishing and waiting for confirmations.
    Publish,
}

/// TLS did not come about; carried through lapin, which knows only I/O errors there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoTls(pub(super) io::Error);

impl Failure {
    /// What broke at `stage`.
    pub(super) fn at(stage: Stage) -> impl FnOnce(lapin::Error) -> Self {
        move |error| {
            let no_tls = match error.kind() {
                ErrorKind::IOError(io) => io.get_ref().and_then(|cause| cause.downcast_ref::<NoTls>()),
                _ => None,
            };
            match no_tls {
                Some(reason) => Self::Insecure(reason.to_string()),
                None => Self::Broken(stage, error),
            }
        }
    }

    /// For the relay and the operator. Not a word of the broker's own, which might repeat what it was told.
    pub(super) fn refusal(&self, settings: &RabbitMqSettings) -> Refusal {
        let what = match self {
            Self::Unreachable(error) => format!("cannot be reached: {error}"),
            Self::Insecure(reason) => format!("cannot be reached securely: {reason}"),
            Self::NotReady => format!("was not ready within {:?}", settings.connect_timeout),
            Self::NotConfirmed => format!("did not confirm within {:?}", settings.delivery_timeout),
            Self::Blocked => "takes nothing at the moment, being short of memory or disk".to_owned(),
            Self::NotStored => "could not store the message".to_owned(),
            Self::Broken(stage, error) => broken(*stage, error.kind(), settings),
            Self::Unwritable => "cannot be told of this change".to_owned(),
        };
        let text = format!("the broker at {} {what}", settings.address);
        if self.is_permanent() { Refusal::Permanent(text) } else { Refusal::Temporary(text) }
    }

    fn is_permanent(&self) -> bool {
        match self {
            Self::Unwritable => true,
            Self::Broken(Stage::Publish, error) => match error.kind() {
                ErrorKind::ProtocolError(error) => is_of_content(error.get_id()),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Codes with which a broker refuses a message itself (AMQP 0-9-1): content-too-large, and precondition-failed, which
/// RabbitMQ says of messages above its size limit.
fn is_of_content(code: u16) -> bool {
    matches!(code, 311 | 406)
}

fn broken(stage: Stage, error: &ErrorKind, settings: &RabbitMqSettings) -> String {
    match error {
        ErrorKind::ProtocolError(error) => refused(stage, error.get_id(), settings),
        ErrorKind::IOError(error) => format!("broke off the connection: {error}"),
        ErrorKind::ParsingError(_) | ErrorKind::InvalidProtocolVersion(_) => {
            "does not speak AMQP 0-9-1".to_owned()
        }
        ErrorKind::MissingHeartbeatError => "fell silent".to_owned(),
        ErrorKind::AuthProviderError(_) => "offers no log-in by name and password".to_owned(),
        _ => "closed the connection".to_owned(),
    }
}

fn refused(stage: Stage, code: u16, settings: &RabbitMqSettings) -> String {
    let (user, virtual_host) = (settings.address.user(), settings.address.virtual_host());
    let exchange = &settings.exchange;
    match (stage, code) {
        (Stage::LogIn, 403) => format!("refused user {user:?} or the password"),
        (Stage::LogIn, 402 | 530) => {
            format!(
                "has no virtual host {virtual_host:?}, or does not let user {user:?} in, or not once more"
            )
        }
        (Stage::Exchange, 403) => format!("does not let user {user:?} declare exchange {exchange:?}"),
        (Stage::Exchange, 406) => {
            format!("has an exchange {exchange:?} already that is no durable topic exchange")
        }
        (Stage::Publish, 403) => format!("does not let user {user:?} publish to exchange {exchange:?}"),
        (Stage::Publish, 404) => format!("has no exchange {exchange:?} any more"),
        (Stage::Publish, code) if is_of_content(code) => format!("refused the message with code {code}"),
        (_, 320) => "closed the connection, as it does when it is stopped".to_owned(),
        (_, code) => format!("broke off with code {code}"),
    }
}
