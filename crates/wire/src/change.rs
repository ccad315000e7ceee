use serde::{Deserialize, Serialize};
use square_changes::Change;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that changed, as everybody outside is told of it: subscribers, brokers and push services alike.
///
/// It says what, not how: who wants to know reads the thing, with their own rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeMessage {
    /// The same for every delivery of one change: who has seen it drops the message.
    pub id: Uuid,
    /// What kind of thing changed.
    #[schema(example = "skill")]
    pub channel: String,
    /// What happened to it: `create`, `update` or `delete`.
    #[schema(example = "update")]
    pub event: String,
    /// Which one, as 32 hex digits.
    #[schema(example = "01932c071c2b7d3e8f4a5b6c7d8e9fa0")]
    pub entity_id: String,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Change> for ChangeMessage {
    fn from(change: &Change) -> Self {
        Self {
            id: change.id.uuid(),
            channel: change.channel.as_str().to_owned(),
            event: change.action.as_str().to_owned(),
            entity_id: change.entity.simple().to_string(),
            at: change.at.to_string(),
        }
    }
}
