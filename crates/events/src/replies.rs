//! The sentences of the answers, each followed by its facts as pairs.

use crate::answering::ROWS;
use crate::event::{Event, Place};
use crate::when::{NoSuchDay, When, in_words};
use square_skills::ResultItem;

type Items = Vec<ResultItem>;

pub(crate) fn what_can_be_asked() -> Items {
    vec![ResultItem::text(
        "I can tell what is on at a venue or on a day (today, on Saturday, this weekend, on 2026-12-31) \
         and where a venue is.",
    )]
}

pub(crate) fn unknown_venue(name: &str) -> Items {
    vec![ResultItem::text(format!("I know of no venue called “{name}”."))]
}

pub(crate) fn no_such_day(NoSuchDay(day): &NoSuchDay) -> Items {
    vec![ResultItem::text(format!("There is no such day as {day}."))]
}

pub(crate) fn addresses(places: &[&Place]) -> Items {
    let sentences: Vec<String> =
        places.iter().map(|place| format!("{} is at {}.", place.venue, place.address)).collect();
    let facts = places.iter().map(|place| {
        ResultItem::pairs([("venue", place.venue.to_string()), ("address", place.address.to_string())])
    });
    std::iter::once(ResultItem::text(sentences.join(" "))).chain(facts).collect()
}

pub(crate) fn events(events: &[Event], places: &[&Place], when: Option<&When>) -> Items {
    let scope = scope(places, when);
    let count = match events.len() {
        // "Nothing is on on Saturday" would be one "on" too many.
        0 if scope.starts_with(" on ") => return vec![ResultItem::text(format!("Nothing is{scope}."))],
        0 => return vec![ResultItem::text(format!("Nothing is on{scope}."))],
        1 => "There is one event".to_owned(),
        // No more were read.
        many if many >= usize::from(ROWS) => format!("There are at least {many} events"),
        many => format!("There are {many} events"),
    };
    let one_day = when.is_some_and(|when| when.from == when.to);
    let mut listed: Vec<String> =
        events.iter().take(LISTED).map(|event| in_short(event, !one_day, places.len() != 1)).collect();
    if events.len() > LISTED {
        listed.push(format!("and {} more", events.len() - LISTED));
    }
    let listed = listed.join("; ");
    // A time may have been written "9 p.m.".
    let sentence = format!("{count}{scope}: {}.", listed.trim_end_matches('.'));
    std::iter::once(ResultItem::text(sentence)).chain(events.iter().map(facts)).collect()
}

/// Most events a sentence lists one by one.
const LISTED: usize = 5;

/// " at The Fillmore this weekend"
fn scope(places: &[&Place], when: Option<&When>) -> String {
    let venues: Vec<&str> = places.iter().map(|place| place.venue.as_str()).collect();
    let venues = if venues.is_empty() { String::new() } else { format!(" at {}", venues.join(" or ")) };
    let when = when.map_or(String::new(), |when| format!(" {}", when.said));
    format!("{venues}{when}")
}

fn in_short(event: &Event, with_day: bool, with_venue: bool) -> String {
    let time = event.time.as_sent();
    let when = if with_day { format!("{}, {time}", in_words(event.date)) } else { time.to_owned() };
    if with_venue { format!("{when} at {}", event.venue) } else { when }
}

fn facts(event: &Event) -> ResultItem {
    ResultItem::pairs([
        ("date", event.date.to_string()),
        ("time", event.time.on_24_hours()),
        ("venue", event.venue.to_string()),
        ("address", event.address.to_string()),
    ])
}
