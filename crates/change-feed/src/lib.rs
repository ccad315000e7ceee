//! Brings change events to receivers outside; each is a [`Receiver`](square_changes::ports::Receiver).
//!
//! - [`RabbitMq`] publishes them to a durable topic exchange and waits for the broker's confirmations.
//! - [`Pusher`] hands them to Pusher Channels, or to a server that speaks its HTTP API.
//! - Both send one JSON, [`ChangeMessage`](square_wire::ChangeMessage): what changed, never how.
//!
//! All settings are checked at construction: a wrong one is a [`SetupError`]. What can only be seen on the spot (a
//! password that is refused, an exchange of another kind) puts the changes off with a text for the operator, so
//! that they go out as soon as it is mended.

mod one_by_one;
mod pusher;
mod rabbitmq;
mod setup;

pub use pusher::{Pusher, PusherServer, PusherSettings};
pub use rabbitmq::{BrokerAddress, RabbitMq, RabbitMqSettings};
pub use setup::SetupError;
