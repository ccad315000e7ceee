use crate::event::{Event, EventId};
use crate::ports::{EventFilter, EventPosition};
use crate::service::Events;
use square_kernel::{Page, Slice, Unavailable, UserId};

impl Events {
    /// Events by day, then time, then who was entered first. Where it is looked for a text, a page may hold fewer than there are, or
    /// none: there is more for as long as it says where to go on.
    pub async fn list(
        &self,
        filter: &EventFilter,
        page: Page<EventPosition>,
    ) -> Result<Slice<Event, EventPosition>, Unavailable> {
        self.parts.store.list(filter, page).await
    }

    /// One event.
    pub async fn find(&self, id: EventId) -> Result<Option<Event>, Unavailable> {
        self.parts.store.event(id).await
    }

    /// The events that somebody entered, newest first.
    pub async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable> {
        self.parts.store.of_owner(owner, page).await
    }
}
