//! A stand-in for the store, and the rules that every store has to keep.

pub mod contract;

use crate::event::{Event, EventId, Place};
use crate::ports::{EventFilter, EventStore, FOUND_AT_MOST};
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::testing::lock;
use square_kernel::{Page, Slice, Unavailable, UserId};
use square_naming::{Matching, NameKey};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Events in memory.
#[derive(Debug, Default)]
pub struct InMemoryEvents(Mutex<Vec<Event>>);

impl InMemoryEvents {
    /// A store with these events.
    pub fn with(events: Vec<Event>) -> Self {
        Self(Mutex::new(events))
    }
}

#[async_trait]
impl EventStore for InMemoryEvents {
    async fn venues(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Place>, Unavailable> {
        let fits = |key: &NameKey| {
            keys.iter().any(|wanted| match matching {
                Matching::Exact => wanted == key,
                Matching::Resembling => wanted.resembles(key),
            })
        };
        let mut newest = BTreeMap::new();
        for event in &*lock(&self.0) {
            let key = event.venue.key();
            let place = Place { venue: event.venue.clone(), address: event.address.clone() };
            if fits(&key) && newest.get(&key).is_none_or(|(id, _)| *id < event.id) {
                newest.insert(key, (event.id, place));
            }
        }
        Ok(newest.into_values().map(|(_, place)| place).take(usize::from(FOUND_AT_MOST)).collect())
    }

    async fn find(&self, filter: &EventFilter, limit: u16) -> Result<Vec<Event>, Unavailable> {
        let mut events = lock(&self.0).clone();
        events.retain(|event| {
            filter.from.is_none_or(|from| event.date >= from)
                && filter.to.is_none_or(|to| event.date <= to)
                && filter.venue.as_ref().is_none_or(|venue| event.venue.key() == *venue)
        });
        events.sort_by_key(|event| (event.date, event.time.at(), event.id));
        events.truncate(usize::from(limit));
        Ok(events)
    }

    async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable> {
        let mut own = lock(&self.0).clone();
        own.retain(|event| event.owner == owner && page.after.is_none_or(|after| event.id < after));
        own.sort_by_key(|event| std::cmp::Reverse(event.id));
        Ok(Slice::from_surplus(own, page.limit, |event| event.id))
    }

    async fn fill_if_none_from(&self, day: Date, events: &[Event]) -> Result<bool, Unavailable> {
        let mut stored = lock(&self.0);
        let none = stored.iter().all(|event| event.date < day);
        if none {
            stored.extend_from_slice(events);
        }
        Ok(none)
    }
}

#[cfg(test)]
mod tests {
    use super::InMemoryEvents;
    use super::contract::Stage;
    use square_kernel::UserId;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use std::sync::Arc;

    fn stage() -> (Stage, ()) {
        let owner = UserId::new(&ManualClock::default(), &SeededRandomness::default());
        (Stage { store: Arc::new(InMemoryEvents::default()), owner }, ())
    }

    crate::event_store_contract!(std::future::ready(stage()));
}
