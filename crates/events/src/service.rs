use crate::event::{Address, EventId, Venue};
use crate::ports::EventStore;
use crate::time::EventTime;
use jiff::civil::Date;
use square_kernel::{Asker, Clock, Identity, Overtaken, Randomness, Unavailable};
use std::sync::Arc;

/// What [`Events`] is made of.
pub struct EventsParts {
    /// Where events are kept.
    pub store: Arc<dyn EventStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub randomness: Arc<dyn Randomness>,
    /// What the operator chose.
    pub policy: EventPolicy,
}

/// What an operator chooses about events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPolicy {
    /// The most events that one account may have, past ones included.
    pub per_owner: u32,
}

impl Default for EventPolicy {
    fn default() -> Self {
        Self { per_owner: 1000 }
    }
}

/// Everything that can be done with events; one file per use case. Anybody may see them.
pub struct Events {
    pub(crate) parts: EventsParts,
}

impl Events {
    /// Puts the parts together.
    pub fn new(parts: EventsParts) -> Self {
        Self { parts }
    }

    /// Who asks, when they may change the event: its owner, or whoever holds `permission`. What everybody may is not
    /// enough: whatever is changed here has somebody who did it.
    pub(crate) async fn permitted<'a>(
        &self,
        asker: &'a Asker,
        id: EventId,
        permission: &'static str,
    ) -> Result<&'a Identity, ChangeError> {
        let identity = asker.identity.as_ref().ok_or(ChangeError::SignInRequired)?;
        let event = self.parts.store.event(id).await?.ok_or(ChangeError::NotFound)?;
        if event.owner == identity.user || asker.may(permission) {
            return Ok(identity);
        }
        Err(ChangeError::NotOwner)
    }
}

/// What somebody says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFields {
    /// The day.
    pub date: Date,
    /// When it begins.
    pub time: EventTime,
    /// Where.
    pub venue: Venue,
    /// Where that is.
    pub address: Address,
}

/// Why an event was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// There is no such event.
    #[error("there is no such event")]
    NotFound,
    /// It is somebody else's.
    #[error("the event belongs to somebody else")]
    NotOwner,
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InMemoryEvents;
    use crate::{CreateError, Event, EventPatch};
    use jiff::civil::date;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Page, Permissions, SessionId, UserId};

    struct Test {
        events: Events,
        store: Arc<InMemoryEvents>,
        clock: Arc<ManualClock>,
        randomness: Arc<SeededRandomness>,
    }

    impl Test {
        fn new(per_owner: u32) -> Self {
            let (store, clock, randomness) = (
                Arc::<InMemoryEvents>::default(),
                Arc::<ManualClock>::default(),
                Arc::<SeededRandomness>::default(),
            );
            let policy = EventPolicy { per_owner };
            let (parts_clock, parts_randomness) = (clock.clone(), randomness.clone());
            let parts = EventsParts {
                store: store.clone(),
                clock: parts_clock,
                randomness: parts_randomness,
                policy,
            };
            Self { events: Events::new(parts), store, clock, randomness }
        }

        fn somebody(&self, permissions: &[&str]) -> Asker {
            let identity = Identity {
                user: UserId::new(&*self.clock, &*self.randomness),
                session: SessionId::new(&*self.clock, &*self.randomness),
                username: "ada".into(),
                roles: Arc::default(),
                rights: 0,
            };
            Asker::signed_in(identity, permissions.iter().copied().collect::<Permissions>())
        }
    }

    fn fields() -> EventFields {
        EventFields {
            date: date(2026, 12, 31),
            time: EventTime::parse("8pm").unwrap(),
            venue: Venue::parse("The Fillmore").unwrap(),
            address: Address::parse("1805 Geary Boulevard").unwrap(),
        }
    }

    #[tokio::test]
    async fn an_event_belongs_to_whoever_enters_it() {
        let test = Test::new(2);
        let ada = test.somebody(&[]);
        let event = test.events.create(&ada, fields()).await.unwrap();
        assert!(ada.is(event.owner));
        assert_eq!(test.events.find(event.id).await.unwrap(), Some(event.clone()));
        let own = test.events.of_owner(event.owner, Page::default()).await.unwrap();
        assert_eq!(own.items, [event]);
        let anybody = test.events.create(&Asker::default(), fields()).await;
        assert!(matches!(anybody, Err(CreateError::SignInRequired)), "{anybody:?}");
    }

    #[tokio::test]
    async fn there_is_an_end_to_how_many_one_may_have_but_not_to_what_the_operator_enters() {
        let test = Test::new(2);
        let (ada, bob) = (test.somebody(&[]), test.somebody(&[]));
        for _ in 0..2 {
            test.events.create(&ada, fields()).await.unwrap();
        }
        let third = test.events.create(&ada, fields()).await;
        assert!(matches!(third, Err(CreateError::TooMany(2))), "{third:?}");
        test.events.create(&bob, fields()).await.unwrap();
        let more = vec![(ada.user().unwrap(), fields()), (ada.user().unwrap(), fields())];
        test.events.import(more).await.unwrap();
        let own = test.events.of_owner(ada.user().unwrap(), Page::default()).await.unwrap();
        assert_eq!(own.items.len(), 4);
    }

    #[tokio::test]
    async fn owners_change_theirs_and_whoever_may_those_of_others() {
        let test = Test::new(9);
        let (ada, bob) = (test.somebody(&[]), test.somebody(&["get:users"]));
        let (editor, remover) = (test.somebody(&["patch:events"]), test.somebody(&["delete:events"]));
        let generous = Asker::anonymous(Permissions::from_iter(["patch:events", "delete:events"]));
        let event = test.events.create(&ada, fields()).await.unwrap();
        let patch = EventPatch { date: Some(date(2027, 1, 1)), ..EventPatch::default() };
        let edit = async |asker: &Asker| test.events.edit(asker, event.id, &patch).await;
        let delete = async |asker: &Asker| test.events.delete(asker, event.id).await;
        assert!(matches!(edit(&generous).await, Err(ChangeError::SignInRequired)));
        assert!(matches!(delete(&generous).await, Err(ChangeError::SignInRequired)));
        for other in [&bob, &remover] {
            assert!(matches!(edit(other).await, Err(ChangeError::NotOwner)));
        }
        for other in [&bob, &editor] {
            assert!(matches!(delete(other).await, Err(ChangeError::NotOwner)));
        }
        let changed = Event { date: date(2027, 1, 1), ..event.clone() };
        for allowed in [&ada, &editor] {
            assert_eq!(edit(allowed).await.unwrap(), changed);
        }
        assert_eq!(delete(&remover).await.unwrap(), changed);
        assert!(matches!(edit(&ada).await, Err(ChangeError::NotFound)));
        assert!(matches!(delete(&ada).await, Err(ChangeError::NotFound)));
    }

    #[tokio::test]
    async fn who_is_signed_out_meanwhile_changes_nothing() {
        let test = Test::new(9);
        let ada = test.somebody(&[]);
        let event = test.events.create(&ada, fields()).await.unwrap();
        test.store.end_session(ada.identity.as_ref().unwrap().session);
        let created = test.events.create(&ada, fields()).await;
        assert!(matches!(created, Err(CreateError::Overtaken(_))), "{created:?}");
        let edited = test.events.edit(&ada, event.id, &EventPatch::from(fields())).await;
        assert!(matches!(edited, Err(ChangeError::Overtaken(_))), "{edited:?}");
        let deleted = test.events.delete(&ada, event.id).await;
        assert!(matches!(deleted, Err(ChangeError::Overtaken(_))), "{deleted:?}");
    }
}
