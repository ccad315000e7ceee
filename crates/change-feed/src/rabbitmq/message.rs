use lapin::BasicProperties;
use lapin::types::ShortString;
use square_changes::Change;
use square_wire::ChangeMessage;

/// What brokers write to disk (AMQP 0-9-1, `delivery-mode`).
const PERSISTENT: u8 = 2;

/// What queues bind to: `channel.action`.
pub(super) fn routing_key(change: &Change) -> ShortString {
    format!("{}.{}", change.channel, change.action).into()
}

/// What stands beside the body. The routing key is repeated as the type, since a consumer behind further
/// exchanges may see another key.
pub(super) fn properties(change: &Change) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(change.id.to_string().into())
        .with_type(routing_key(change))
        .with_timestamp(u64::try_from(change.at.as_second()).unwrap_or(0))
        .with_app_id("square".into())
}

/// The message itself.
pub(super) fn body(change: &Change) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&ChangeMessage::from(change))
}
