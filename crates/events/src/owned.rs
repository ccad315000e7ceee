use crate::event::{Event, EventId};
use crate::ports::EventStore;
use square_kernel::{Page, Slice, Unavailable, UserId};
use std::sync::Arc;

/// The events of people, as they own them.
pub struct OwnedEvents {
    store: Arc<dyn EventStore>,
}

impl OwnedEvents {
    /// Those in `store`.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store }
    }

    /// The events that somebody entered, newest first.
    pub async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable> {
        self.store.of_owner(owner, page).await
    }
}
