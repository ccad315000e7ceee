//! A stand-in for the store, and the rules that every store has to keep.

pub mod contract;

use crate::edit::EventPatch;
use crate::event::{Event, EventId, Place};
use crate::ports::{EventFilter, EventPosition, EventStore, FOUND_AT_MOST, Written};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use square_kernel::testing::lock;
use square_kernel::{Caller, Page, SessionId, Slice, Unavailable, UserId};
use square_naming::{Matching, NameKey};
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

/// Events in memory.
#[derive(Debug, Default)]
pub struct InMemoryEvents {
    events: Mutex<Vec<Event>>,
    ended: Mutex<HashSet<SessionId>>,
}

impl InMemoryEvents {
    /// A store with these events.
    pub fn with(events: Vec<Event>) -> Self {
        Self { events: Mutex::new(events), ended: Mutex::default() }
    }

    /// Ends a session; all others are live.
    pub fn end_session(&self, session: SessionId) {
        lock(&self.ended).insert(session);
    }

    fn is_current(&self, by: Caller) -> bool {
        !lock(&self.ended).contains(&by.session)
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
        for event in &*lock(&self.events) {
            let key = event.venue.key();
            let place = Place { venue: event.venue.clone(), address: event.address.clone() };
            if fits(&key) && newest.get(&key).is_none_or(|(id, _)| *id < event.id) {
                newest.insert(key, (event.id, place));
            }
        }
        Ok(newest.into_values().map(|(_, place)| place).take(usize::from(FOUND_AT_MOST)).collect())
    }

    async fn list(
        &self,
        filter: &EventFilter,
        page: Page<EventPosition>,
    ) -> Result<Slice<Event, EventPosition>, Unavailable> {
        let mut events = lock(&self.events).clone();
        events.retain(|event| filter.fits(event) && page.after.is_none_or(|after| event.position() > after));
        events.sort_by_key(Event::position);
        Ok(Slice::from_surplus(events, page.limit, Event::position))
    }

    async fn event(&self, id: EventId) -> Result<Option<Event>, Unavailable> {
        Ok(lock(&self.events).iter().find(|event| event.id == id).cloned())
    }

    async fn add(&self, event: &Event, most: u32, by: Caller) -> Result<Written, Unavailable> {
        if !self.is_current(by) {
            return Ok(Written::Overtaken);
        }
        let mut stored = lock(&self.events);
        let own = stored.iter().filter(|other| other.owner == event.owner).count();
        if own >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(Written::TooMany);
        }
        stored.push(event.clone());
        Ok(Written::Done(event.clone()))
    }

    async fn change(
        &self,
        id: EventId,
        patch: &EventPatch,
        by: Caller,
        _at: Timestamp,
    ) -> Result<Written, Unavailable> {
        if !self.is_current(by) {
            return Ok(Written::Overtaken);
        }
        let mut stored = lock(&self.events);
        let Some(event) = stored.iter_mut().find(|event| event.id == id) else { return Ok(Written::Gone) };
        *event = patch.applied_to(event.clone());
        Ok(Written::Done(event.clone()))
    }

    async fn remove(&self, id: EventId, by: Caller, _at: Timestamp) -> Result<Written, Unavailable> {
        if !self.is_current(by) {
            return Ok(Written::Overtaken);
        }
        let mut stored = lock(&self.events);
        let at = stored.iter().position(|event| event.id == id);
        Ok(at.map_or(Written::Gone, |at| Written::Done(stored.remove(at))))
    }

    async fn add_all(&self, events: &[Event]) -> Result<(), Unavailable> {
        lock(&self.events).extend_from_slice(events);
        Ok(())
    }

    async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable> {
        let mut own = lock(&self.events).clone();
        own.retain(|event| event.owner == owner && page.after.is_none_or(|after| event.id < after));
        own.sort_by_key(|event| std::cmp::Reverse(event.id));
        Ok(Slice::from_surplus(own, page.limit, |event| event.id))
    }

    async fn fill_if_none_from(&self, day: Date, events: &[Event]) -> Result<bool, Unavailable> {
        let mut stored = lock(&self.events);
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
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Caller, SessionId, UserId};
    use std::sync::Arc;

    fn stage() -> (Stage, ()) {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let owner = UserId::new(&clock, &randomness);
        let caller = || Caller { user: owner, session: SessionId::new(&clock, &randomness), rights: 0 };
        let (caller, departed) = (caller(), caller());
        let store = InMemoryEvents::default();
        store.end_session(departed.session);
        (Stage { store: Arc::new(store), owner, caller, departed }, ())
    }

    crate::event_store_contract!(std::future::ready(stage()));
}
