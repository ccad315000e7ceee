//! What this crate needs from outside.

use crate::event::{Event, EventId, Place};
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::{Page, Slice, Unavailable, UserId};
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
}

/// Keeps events. Each method is one transaction.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Venues of which the key is one of `keys` or, with [`Matching::Resembling`], resembles one of them
    /// ([`NameKey::resembles`]), and no others: each key once, in the order of keys, named and addressed as
    /// in its newest event (by id); at most [`FOUND_AT_MOST`]. MUST NOT read every event:
    /// [`NameKey::probes`] says where to look.
    async fn venues(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Place>, Unavailable>;

    /// The first `limit` events that fit, by date, then time, then id.
    async fn find(&self, filter: &EventFilter, limit: u16) -> Result<Vec<Event>, Unavailable>;

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
