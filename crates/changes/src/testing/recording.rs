use crate::change::{Action, Audience, Channel};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, Unavailable};
use uuid::Uuid;

/// A change before it has a number and an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What kind of thing changed.
    pub channel: Channel,
    /// What happened to it.
    pub action: Action,
    /// Which one.
    pub entity: Uuid,
    /// Who may be told.
    pub audience: Audience,
    /// When.
    pub at: Timestamp,
}

impl Draft {
    /// A change that everybody may be told of, when a [`ManualClock`] begins.
    pub fn of(channel: Channel, action: Action, entity: Uuid) -> Self {
        let audience = Audience { everybody: true, ..Audience::default() };
        Self { channel, action, entity, audience, at: ManualClock::default().now() }
    }
}

/// Stores changes the way the stores of the domain crates do it within their transactions.
#[async_trait]
pub trait RecordsChanges: Send + Sync {
    /// Stores `drafts` in one transaction and in this order. Their entities and owners need not exist.
    async fn record_all(&self, drafts: &[Draft]) -> Result<(), Unavailable>;
}
