//! Rules for changing one event.

use super::{EVE, Maker, Stage, WORKS, all};
use crate::edit::EventPatch;
use crate::event::{Address, Event, EventId, Venue};
use crate::ports::Written;
use crate::time::EventTime;
use jiff::civil::date;
use square_kernel::Clock;
use std::collections::BTreeSet;

async fn inserted(stage: &Stage, event: &Event) {
    let written = stage.store.add(event, 1000, stage.caller).await.expect(WORKS);
    assert_eq!(written, Written::Done(event.clone()));
}

/// And what is not there is not found.
pub async fn what_is_entered_is_found_by_its_id(stage: &Stage) {
    let maker = Maker::new(stage);
    let event = maker.event(EVE, "8:30 p.m.", "Café d’Été", "1, rue de l’Église");
    let other = maker.event(EVE, "8pm", "Hall", "Street");
    inserted(stage, &event).await;
    assert_eq!(stage.store.event(event.id).await.expect(WORKS), Some(event));
    assert_eq!(stage.store.event(other.id).await.expect(WORKS), None);
}

/// However many they enter at once.
pub async fn nobody_has_more_events_than_they_may(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (stage, event) = (stage.clone(), maker.event(EVE, "8pm", "Hall", "Street"));
        calls.push(tokio::spawn(async move { stage.store.add(&event, 3, stage.caller).await }));
    }
    let mut refused = 0;
    for call in calls {
        let written = call.await.expect("a call panicked").expect(WORKS);
        assert!(matches!(written, Written::Done(_) | Written::TooMany), "{written:?}");
        refused += usize::from(written == Written::TooMany);
    }
    assert_eq!((refused, all(stage).await.len()), (5, 3));
    let more = maker.event(EVE, "8pm", "Hall", "Street");
    assert_eq!(stage.store.add(&more, 4, stage.caller).await.expect(WORKS), Written::Done(more));
}

/// What is found by the venue's name follows it.
pub async fn a_change_leaves_the_rest_as_it_is(stage: &Stage) {
    let maker = Maker::new(stage);
    let (event, other) =
        (maker.event(EVE, "8pm", "Hall", "Street"), maker.event(EVE, "8pm", "Hall", "Street"));
    inserted(stage, &event).await;
    inserted(stage, &other).await;
    let now = maker.clock.now();
    let venue = EventPatch { venue: Some(Venue::parse("Barn").expect("a venue")), ..EventPatch::default() };
    let patches = [
        EventPatch::default(),
        venue.clone(),
        EventPatch { date: Some(date(2027, 1, 1)), ..EventPatch::default() },
        EventPatch { time: Some(EventTime::parse("Noon").expect("a time")), ..EventPatch::default() },
        EventPatch { address: Some(Address::parse("Field").expect("an address")), ..EventPatch::default() },
    ];
    let mut wanted = event.clone();
    for patch in patches {
        wanted = patch.applied_to(wanted);
        let written = stage.store.change(event.id, &patch, stage.caller, now).await.expect(WORKS);
        assert_eq!(written, Written::Done(wanted.clone()));
    }
    let at_barn = super::EventFilter { venue: Some(wanted.venue.key()), ..super::EventFilter::default() };
    assert_eq!(super::find(stage, at_barn, 10).await, [wanted.clone()]);
    assert_eq!(all(stage).await, [other, wanted]);
    let nobody = EventId::new(&maker.clock, &maker.randomness);
    assert_eq!(stage.store.change(nobody, &venue, stage.caller, now).await.expect(WORKS), Written::Gone);
}

/// Each changes a field of its own.
pub async fn of_changes_at_once_none_is_lost(stage: &Stage) {
    let maker = Maker::new(stage);
    let event = maker.event(EVE, "8pm", "Hall", "Street");
    inserted(stage, &event).await;
    let patches = [
        EventPatch { venue: Some(Venue::parse("Barn").expect("a venue")), ..EventPatch::default() },
        EventPatch { date: Some(date(2027, 1, 1)), ..EventPatch::default() },
        EventPatch { time: Some(EventTime::parse("noon").expect("a time")), ..EventPatch::default() },
        EventPatch { address: Some(Address::parse("Field").expect("an address")), ..EventPatch::default() },
    ];
    let mut calls = Vec::new();
    for patch in patches.clone() {
        let (stage, id, now) = (stage.clone(), event.id, maker.clock.now());
        calls.push(tokio::spawn(async move { stage.store.change(id, &patch, stage.caller, now).await }));
    }
    for call in calls {
        let written = call.await.expect("a call panicked").expect(WORKS);
        assert!(matches!(written, Written::Done(_)), "{written:?}");
    }
    let wanted = patches.iter().fold(event, |event, patch| patch.applied_to(event));
    assert_eq!(all(stage).await, [wanted]);
}

/// Of several who delete it at once one is given the event as it was.
pub async fn what_is_deleted_is_gone_once(stage: &Stage) {
    let maker = Maker::new(stage);
    let (event, other) =
        (maker.event(EVE, "8pm", "Hall", "Street"), maker.event(EVE, "8pm", "Hall", "Street"));
    inserted(stage, &event).await;
    inserted(stage, &other).await;
    let mut calls = Vec::new();
    for _ in 0..4 {
        let (stage, id, now) = (stage.clone(), event.id, maker.clock.now());
        calls.push(tokio::spawn(async move { stage.store.remove(id, stage.caller, now).await }));
    }
    let mut found = Vec::new();
    for call in calls {
        match call.await.expect("a call panicked").expect(WORKS) {
            Written::Done(event) => found.push(event),
            written => assert_eq!(written, Written::Gone),
        }
    }
    assert_eq!(found, [event]);
    assert_eq!(all(stage).await, [other]);
}

/// However good their token looked when the request came in.
pub async fn who_is_not_signed_in_any_more_changes_nothing(stage: &Stage) {
    let maker = Maker::new(stage);
    let (event, other) =
        (maker.event(EVE, "8pm", "Hall", "Street"), maker.event(EVE, "8pm", "Hall", "Street"));
    inserted(stage, &event).await;
    let (by, now) = (stage.departed, maker.clock.now());
    let venue = EventPatch { venue: Some(Venue::parse("Barn").expect("a venue")), ..EventPatch::default() };
    assert_eq!(stage.store.add(&other, 1000, by).await.expect(WORKS), Written::Overtaken);
    assert_eq!(stage.store.change(event.id, &venue, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(stage.store.remove(event.id, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(all(stage).await, [event]);
}

/// More than go into one statement.
pub async fn many_are_added_at_once(stage: &Stage) {
    let maker = Maker::new(stage);
    let events: Vec<Event> = (0..450).map(|_| maker.event(EVE, "8pm", "Hall", "Street")).collect();
    stage.store.add_all(&events).await.expect(WORKS);
    stage.store.add_all(&[]).await.expect(WORKS);
    let stored = super::to_the_end(stage, &super::EventFilter::default(), 200).await;
    let ids = |events: &[Event]| events.iter().map(|event| event.id).collect::<BTreeSet<_>>();
    assert_eq!((stored.len(), ids(&stored)), (450, ids(&events)));
}
