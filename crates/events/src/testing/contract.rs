//! What every [`EventStore`] has to do: one function a rule, each over an empty store.

mod writing;

pub use writing::*;

use crate::event::{Address, Event, EventId, Place, Venue};
use crate::ports::{EventFilter, EventPosition, EventStore, FOUND_AT_MOST};
use crate::time::EventTime;
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Caller, Clock, Limit, Page, SearchText, UserId};
use square_naming::{Matching, NameKey};
use std::sync::Arc;

/// What a rule plays on.
#[derive(Clone)]
pub struct Stage {
    /// An empty store.
    pub store: Arc<dyn EventStore>,
    /// Somebody whom the store takes as an owner.
    pub owner: UserId,
    /// The owner, signed in.
    pub caller: Caller,
    /// The owner, in a session that has ended.
    pub departed: Caller,
}

/// Makes a test of every rule. The argument is an async expression that gives `(Stage, guard)`; the guard (a
/// temporary folder, say) is held while the rule runs.
#[macro_export]
macro_rules! event_store_contract {
    ($make:expr) => {
        $crate::event_store_contract!(@each $make;
            an_event_reads_back_whole
            events_come_by_day_and_time
            days_at_both_ends_belong_to_a_range
            a_venue_has_its_events_in_any_spelling
            a_venue_is_named_as_in_its_newest_event
            a_typo_is_forgiven_where_that_is_asked_for
            look_ups_are_bounded
            pages_lead_to_the_end_whatever_is_stored_meanwhile
            a_text_is_found_in_any_case_and_nowhere_else
            ones_own_events_come_page_by_page
            only_a_store_without_coming_events_is_filled
            one_of_several_fillings_is_stored
            what_is_entered_is_found_by_its_id
            nobody_has_more_events_than_they_may
            a_change_leaves_the_rest_as_it_is
            of_changes_at_once_none_is_lost
            what_is_deleted_is_gone_once
            who_is_not_signed_in_any_more_changes_nothing
            many_are_added_at_once
        );
    };
    (@each $make:expr; $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (stage, _guard) = $make.await;
                $crate::testing::contract::$rule(&stage).await;
            }
        )*
    };
}

const WORKS: &str = "the store works";
const LONG_AGO: Date = date(1, 1, 1);
const EVE: Date = date(2026, 12, 31);

struct Maker {
    clock: ManualClock,
    randomness: SeededRandomness,
    owner: UserId,
}

impl Maker {
    fn new(stage: &Stage) -> Self {
        Self { clock: ManualClock::default(), randomness: SeededRandomness::default(), owner: stage.owner }
    }

    fn event(&self, date: Date, time: &str, venue: &str, address: &str) -> Event {
        self.clock.advance(SignedDuration::from_millis(1));
        Event {
            id: EventId::new(&self.clock, &self.randomness),
            owner: self.owner,
            date,
            time: EventTime::parse(time).expect("a time"),
            venue: Venue::parse(venue).expect("a venue"),
            address: Address::parse(address).expect("an address"),
            created_at: self.clock.now(),
        }
    }
}

async fn fill(stage: &Stage, events: &[Event]) {
    let day = events.iter().map(|event| event.date).min().unwrap_or(LONG_AGO);
    assert!(stage.store.fill_if_none_from(day, events).await.expect(WORKS), "the store was not empty");
}

async fn find(stage: &Stage, filter: EventFilter, limit: u16) -> Vec<Event> {
    stage.store.list(&filter, page(limit, None)).await.expect(WORKS).items
}

fn page(limit: u16, after: Option<EventPosition>) -> Page<EventPosition> {
    Page { limit: Limit::new(limit).expect("a good limit"), after }
}

async fn all(stage: &Stage) -> Vec<Event> {
    find(stage, EventFilter::default(), Limit::MAX).await
}

/// All that fit, over pages of this size.
async fn to_the_end(stage: &Stage, filter: &EventFilter, limit: u16) -> Vec<Event> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let slice = stage.store.list(filter, page(limit, after)).await.expect(WORKS);
        assert!(slice.items.len() <= usize::from(limit));
        seen.extend(slice.items);
        after = slice.next;
        if after.is_none() {
            return seen;
        }
    }
}

async fn venues(stage: &Stage, names: &[&str], matching: Matching) -> Vec<Place> {
    let keys: Vec<NameKey> = names.iter().map(|name| NameKey::of(name)).collect();
    stage.store.venues(&keys, matching).await.expect(WORKS)
}

fn named(places: &[Place]) -> Vec<&str> {
    places.iter().map(|place| place.venue.as_str()).collect()
}

/// Every field, the time as it was sent.
pub async fn an_event_reads_back_whole(stage: &Stage) {
    let event = Maker::new(stage).event(EVE, "8:30 p.m.", "Café d’Été", "1, rue de l’Église");
    fill(stage, std::slice::from_ref(&event)).await;
    assert_eq!(all(stage).await, [event]);
}

/// By what the time means, not by how it is written; then the older first; not more than asked for.
pub async fn events_come_by_day_and_time(stage: &Stage) {
    let maker = Maker::new(stage);
    let late = maker.event(EVE, "10pm", "Hall", "Street");
    let before = maker.event(date(2026, 12, 30), "23:00", "Hall", "Street");
    let early = maker.event(EVE, "9:00", "Hall", "Street");
    let also_late = maker.event(EVE, "22:00", "Barn", "Street");
    fill(stage, &[also_late.clone(), late.clone(), before.clone(), early.clone()]).await;
    let first = find(stage, EventFilter::default(), 2).await;
    assert_eq!(first, [before.clone(), early.clone()]);
    assert_eq!(all(stage).await, [before, early, late, also_late]);
}

/// From the first day to the last; an open end has no bound.
pub async fn days_at_both_ends_belong_to_a_range(stage: &Stage) {
    let maker = Maker::new(stage);
    let days = [date(1999, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(9999, 12, 31)];
    let events = days.map(|day| maker.event(day, "8pm", "Hall", "Street"));
    fill(stage, &events).await;
    let dates = |from, to| async move {
        let found = find(stage, EventFilter { from, to, ..EventFilter::default() }, 10).await;
        found.into_iter().map(|event| event.date).collect::<Vec<_>>()
    };
    assert_eq!(dates(Some(days[1]), Some(days[2])).await, days[1..=2]);
    assert_eq!(dates(Some(days[2]), None).await, days[2..]);
    assert_eq!(dates(None, Some(days[1])).await, days[..=1]);
    assert_eq!(dates(Some(days[2]), Some(days[1])).await, []);
}

/// Names with one key are one venue.
pub async fn a_venue_has_its_events_in_any_spelling(stage: &Stage) {
    let maker = Maker::new(stage);
    let one = maker.event(EVE, "6pm", "The Fillmore", "Geary Boulevard");
    let elsewhere = maker.event(EVE, "7pm", "Fillmore East", "Second Avenue");
    let same = maker.event(EVE, "8pm", "FILLMORE", "Geary Boulevard");
    fill(stage, &[one.clone(), elsewhere, same.clone()]).await;
    let at = |name| EventFilter { venue: Some(NameKey::of(name)), ..EventFilter::default() };
    assert_eq!(find(stage, at("fillmore!"), 10).await, [one, same]);
    assert_eq!(find(stage, at("Filmore"), 10).await, []);
}

/// Each venue once, in the order of keys.
pub async fn a_venue_is_named_as_in_its_newest_event(stage: &Stage) {
    let maker = Maker::new(stage);
    let old = maker.event(EVE, "8pm", "the fillmore", "Old Street");
    let barn = maker.event(EVE, "8pm", "Barn", "Field");
    let new = maker.event(date(2026, 1, 1), "8pm", "The Fillmore", "New Street");
    fill(stage, &[new.clone(), old, barn.clone()]).await;
    let found = venues(stage, &["Fillmore", "Barn", "Zorn"], Matching::Exact).await;
    let place = |event: Event| Place { venue: event.venue, address: event.address };
    assert_eq!(found, [place(barn), place(new)]);
    assert_eq!(venues(stage, &[], Matching::Exact).await, []);
}

/// A letter wrong, missing, too many or swapped; not two.
pub async fn a_typo_is_forgiven_where_that_is_asked_for(stage: &Stage) {
    let maker = Maker::new(stage);
    let events = ["The Fillmore", "Lantern Hall"].map(|venue| maker.event(EVE, "8pm", venue, "Street"));
    fill(stage, &events).await;
    for typo in ["Filmore", "fillmoore", "xillmore", "fillmorx", "the fillmroe"] {
        let found = venues(stage, &[typo], Matching::Resembling).await;
        assert_eq!(named(&found), ["The Fillmore"], "{typo}");
        assert_eq!(venues(stage, &[typo], Matching::Exact).await, [], "{typo}");
    }
    assert_eq!(venues(stage, &["iflmlore", "film"], Matching::Resembling).await, []);
    let right = venues(stage, &["fillmore"], Matching::Resembling).await;
    assert_eq!(named(&right), ["The Fillmore"]);
    let both = venues(stage, &["lantren hall", "filmore"], Matching::Resembling).await;
    assert_eq!(named(&both), ["The Fillmore", "Lantern Hall"]);
}

/// However many venues are asked for, a look-up gives the first [`FOUND_AT_MOST`].
pub async fn look_ups_are_bounded(stage: &Stage) {
    let maker = Maker::new(stage);
    let names: Vec<String> = (0..=FOUND_AT_MOST).map(|number| format!("Hall {number:04}")).collect();
    let events: Vec<Event> = names.iter().map(|name| maker.event(EVE, "8pm", name, "Street")).collect();
    fill(stage, &events).await;
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    for matching in [Matching::Exact, Matching::Resembling] {
        let found = venues(stage, &wanted, matching).await;
        assert_eq!(named(&found), wanted[..usize::from(FOUND_AT_MOST)], "{matching:?}");
    }
}

/// Several on a day, several at a time of day, and one that is gone by the time its position is asked for.
pub async fn pages_lead_to_the_end_whatever_is_stored_meanwhile(stage: &Stage) {
    let maker = Maker::new(stage);
    let event = |number: i8| {
        let time = if number % 4 < 2 { "8pm" } else { "21:00" };
        maker.event(
            date(2026, 12, 1 + number / 4),
            time,
            if number % 2 == 0 { "Hall" } else { "Barn" },
            "Street",
        )
    };
    let events: Vec<Event> = (0..12).map(event).collect();
    fill(stage, &events).await;
    for limit in [1, 2, 3, 5, 200] {
        assert_eq!(to_the_end(stage, &EventFilter::default(), limit).await, events, "{limit}");
        let at_hall = EventFilter {
            venue: Some(NameKey::of("hall")),
            from: Some(date(2026, 12, 2)),
            ..EventFilter::default()
        };
        let wanted: Vec<Event> = events.iter().filter(|event| at_hall.fits(event)).cloned().collect();
        assert_eq!(to_the_end(stage, &at_hall, limit).await, wanted, "{limit}");
    }

    let first = stage.store.list(&EventFilter::default(), page(5, None)).await.expect(WORKS);
    assert_eq!(first.next, Some(events[4].position()));
    let before = maker.event(date(2026, 12, 1), "9am", "Hall", "Street");
    let behind = maker.event(date(2026, 12, 2), "8:30 PM", "Hall", "Street");
    stage.store.add_all(&[before, behind.clone()]).await.expect(WORKS);
    stage.store.remove(events[4].id, stage.caller, maker.clock.now()).await.expect(WORKS);
    let rest = stage.store.list(&EventFilter::default(), page(200, first.next)).await.expect(WORKS);
    let mut wanted = events[5..].to_vec();
    wanted.push(behind);
    wanted.sort_by_key(Event::position);
    assert_eq!(rest.items, wanted);
}

/// Also where nearly all others have to be passed over.
pub async fn a_text_is_found_in_any_case_and_nowhere_else(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut events: Vec<Event> =
        (0..1500).map(|_| maker.event(EVE, "8pm", "Hall", "12 Harbour Street")).collect();
    events.push(maker.event(EVE, "9pm", "Café ÉTOILE 100%", "Rue de l’Église"));
    events.push(maker.event(EVE, "10pm", "Barn", "1 étoile Square"));
    fill(stage, &events).await;
    let found = async |text: &str| {
        let text = Some(SearchText::parse("text", text).expect("in range"));
        to_the_end(stage, &EventFilter { text, ..EventFilter::default() }, 200).await
    };
    assert_eq!(found("Étoile").await, events[1500..]);
    assert_eq!(found("0%").await, events[1500..=1500]);
    assert_eq!(found("1%").await, []);
    assert_eq!(found("harbour").await, events[..1500]);
    let text = Some(SearchText::parse("text", "hall").expect("in range"));
    let later = EventFilter { text, from: Some(date(2027, 1, 1)), ..EventFilter::default() };
    assert_eq!(to_the_end(stage, &later, 200).await, []);
}

/// None is missed and none comes twice.
pub async fn ones_own_events_come_page_by_page(stage: &Stage) {
    let maker = Maker::new(stage);
    let event = |day| maker.event(date(2027, 1, day), "8pm", "Fillmore", "1 Main St");
    let events: Vec<Event> = (1..=5).map(event).collect();
    fill(stage, &events).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = Page { limit: Limit::new(2).expect("a good limit"), after };
        let slice = stage.store.of_owner(stage.owner, page).await.expect(WORKS);
        seen.extend(slice.items);
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, events);
    let nobody = UserId::new(&maker.clock, &maker.randomness);
    assert!(stage.store.of_owner(nobody, Page::default()).await.expect(WORKS).items.is_empty());
}

/// Past events do not count; one on the day does, and then nothing changes.
pub async fn only_a_store_without_coming_events_is_filled(stage: &Stage) {
    let maker = Maker::new(stage);
    let past = maker.event(date(2026, 12, 30), "8pm", "Hall", "Street");
    let coming = maker.event(EVE, "8pm", "Hall", "Street");
    let more = maker.event(date(2027, 1, 1), "8pm", "Hall", "Street");
    fill(stage, std::slice::from_ref(&past)).await;
    fill(stage, std::slice::from_ref(&coming)).await;
    let filled = stage.store.fill_if_none_from(EVE, std::slice::from_ref(&more)).await.expect(WORKS);
    assert!(!filled);
    assert_eq!(all(stage).await, [past, coming]);
}

/// Also when they come at once.
pub async fn one_of_several_fillings_is_stored(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (stage, event) = (stage.clone(), maker.event(EVE, "8pm", "Hall", "Street"));
        calls.push(tokio::spawn(async move { stage.store.fill_if_none_from(EVE, &[event]).await }));
    }
    let mut stored = 0;
    for call in calls {
        stored += usize::from(call.await.expect("a call panicked").expect(WORKS));
    }
    assert_eq!((stored, all(stage).await.len()), (1, 1));
}
