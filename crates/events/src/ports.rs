//! What this crate needs from outside.

pub use crate::position::{EventPosition, PositionSyntax};

use crate::edit::EventPatch;
use crate::event::{Event, EventId, Place};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use square_kernel::{Caller, Page, SearchText, Slice, Unavailable, UserId};
use square_naming::{Matching, NameKey};

/// Which events are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// On this day or later.
    pub from: Option<Date>,
    /// On this day or earlier.
    pub to: Option<Date>,
    /// At the venue with this key.
    pub venue: Option<NameKey>,
    /// With this in the name of the venue or in the address.
    pub text: Option<SearchText>,
}

impl EventFilter {
    /// Whether an event is among those that are wanted.
    pub fn fits(&self, event: &Event) -> bool {
        self.from.is_none_or(|from| event.date >= from)
            && self.to.is_none_or(|to| event.date <= to)
            && self.venue.as_ref().is_none_or(|venue| event.venue.key() == *venue)
            && self.has_text(event.venue.as_str(), event.address.as_str())
    }

    /// Whether an event at this venue and address has the text that is wanted.
    pub fn has_text(&self, venue: &str, address: &str) -> bool {
        self.text.as_ref().is_none_or(|text| text.is_in(venue) || text.is_in(address))
    }
}

/// What became of writing an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is stored: the event as it is now or, where it was deleted, as it was.
    Done(Event),
    /// Its owner has as many as they may have; nothing was stored.
    TooMany,
    /// There is no such event; nothing was stored.
    Gone,
    /// Who asks is signed in no more, or not as they were; nothing was stored.
    Overtaken,
}

/// Keeps events. Each method is one transaction.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Venues of which the key is one of `keys` or, with [`Matching::Resembling`], resembles one of them
    /// ([`NameKey::resembles`]), and no others: each key once, in the order of keys, named and addressed as
    /// in its newest event (by id); at most [`FOUND_AT_MOST`]. MUST NOT read every event:
    /// [`NameKey::probes`] says where to look.
    async fn venues(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Place>, Unavailable>;

    /// The events that fit, by date, then time, then id, behind the one that `page` names, which need not be there any more. MUST NOT
    /// read more than some thousand events, however many there are: where it looks for a text, a page may hold fewer than fit, as long
    /// as it says where to go on.
    async fn list(
        &self,
        filter: &EventFilter,
        page: Page<EventPosition>,
    ) -> Result<Slice<Event, EventPosition>, Unavailable>;

    /// One event.
    async fn event(&self, id: EventId) -> Result<Option<Event>, Unavailable>;

    /// Adds an event. MUST return `TooMany` where its owner has `most` or more, also under concurrency; `Overtaken` where `by` does not
    /// hold what they asked with any more, as it is when the event is stored; never `Gone`.
    async fn add(&self, event: &Event, most: u32, by: Caller) -> Result<Written, Unavailable>;

    /// Changes an event at `at`, as it is when it is stored, so that of changes at once none is lost; what `patch` leaves out stays.
    /// `Overtaken` as for [`EventStore::add`]; never `TooMany`.
    async fn change(
        &self,
        id: EventId,
        patch: &EventPatch,
        by: Caller,
        at: Timestamp,
    ) -> Result<Written, Unavailable>;

    /// Deletes an event at `at`. Of several calls at once one MUST find it; `Overtaken` as for [`EventStore::add`]; never `TooMany`.
    async fn remove(&self, id: EventId, by: Caller, at: Timestamp) -> Result<Written, Unavailable>;

    /// Adds all of `events`, or fails and adds none.
    async fn add_all(&self, events: &[Event]) -> Result<(), Unavailable>;

    /// The events of one owner, newest first (by id), behind the one that `page` names.
    async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable>;

    /// Stores all of `events`, or nothing and returns `false` where there is any event on `day` or later.
    /// Of several calls at once one MUST find the store without such an event.
    async fn fill_if_none_from(&self, day: Date, events: &[Event]) -> Result<bool, Unavailable>;
}

/// The most venues a look-up by name gives.
pub const FOUND_AT_MOST: u16 = 200;
