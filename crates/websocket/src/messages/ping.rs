use super::Outcome;
use crate::protocol::ServerMessage;

/// `ping`: for clients whose library hides the pings of the transport.
#[expect(clippy::unnecessary_wraps, reason = "every kind of message has this outcome")]
pub(super) fn ping() -> Outcome {
    Ok(Some(ServerMessage::Pong {}))
}
