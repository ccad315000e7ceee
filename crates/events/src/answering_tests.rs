use super::*;
use crate::event::{Address, EventId, Venue};
use crate::testing::InMemoryEvents;
use crate::time::EventTime;
use jiff::Timestamp;
use jiff::civil::date;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Asker, UserId};
use square_skills::ResultBody;

const WEDNESDAY: &str = "2026-11-18T12:00:00Z";
const SATURDAY: &str = "2026-11-21T23:59:59Z";
const SUNDAY: &str = "2026-11-22T00:00:00Z";

fn events() -> Vec<Event> {
    let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
    let event = |date, time, venue, address| Event {
        id: EventId::new(&clock, &randomness),
        owner: UserId::new(&clock, &randomness),
        date,
        time: EventTime::parse(time).unwrap(),
        venue: Venue::parse(venue).unwrap(),
        address: Address::parse(address).unwrap(),
        created_at: clock.now(),
    };
    vec![
        event(date(2026, 11, 17), "8pm", "Lantern Hall", "12 Harbour Street"),
        event(date(2026, 11, 18), "11am", "Lantern Hall", "12 Harbour Street"),
        event(date(2026, 11, 18), "20:00", "The Fillmore", "1805 Geary Boulevard"),
        event(date(2026, 11, 19), "7:30 PM", "Lantern Hall", "12 Harbour Street"),
        event(date(2026, 11, 21), "8pm", "The Fillmore", "1805 Geary Boulevard"),
        event(date(2026, 11, 22), "noon", "Lantern Hall", "12 Harbour Street"),
        event(date(2026, 12, 31), "10pm", "The Fillmore", "1805 Geary Boulevard"),
        event(date(2026, 1, 5), "8pm", "Old Tram Depot", "150 Station Road"),
    ]
}

async fn ask(now: &str, events: Vec<Event>, question: &str, max_results: u16) -> Vec<ResultItem> {
    let clock = ManualClock::at(now.parse::<Timestamp>().unwrap());
    let skill = EventsSkill::new(Arc::new(InMemoryEvents::with(events)), Arc::new(clock));
    let asker = Asker::default();
    let request = SkillRequest { question: question.into(), max_results, asker, skill_args: None };
    skill.answer(&request).await.unwrap()
}

async fn sentence_on(now: &str, question: &str) -> String {
    match ask(now, events(), question, 10).await.first().map(|item| &item.body) {
        Some(ResultBody::PlainText(text)) => text.clone(),
        other => panic!("the first item is no sentence: {other:?}"),
    }
}

async fn sentence(question: &str) -> String {
    sentence_on(WEDNESDAY, question).await
}

const AT_FILLMORE: &str = "There are 3 events at The Fillmore: Wednesday, 18 November 2026, 20:00; \
                           Saturday, 21 November 2026, 8pm; Thursday, 31 December 2026, 10pm.";
const ADDRESS: &str = "The Fillmore is at 1805 Geary Boulevard.";
const EVE: &str = "There is one event on Thursday, 31 December 2026: 10pm at The Fillmore.";
const HELP: &str = "I can tell what is on at a venue or on a day (today, on Saturday, this weekend, \
                    on 2026-12-31) and where a venue is.";

#[tokio::test]
async fn questions_are_answered_from_the_data() {
    for (question, answer) in [
        ("What is on at the Fillmore?", AT_FILLMORE),
        ("When is something on at the Fillmore?", AT_FILLMORE),
        ("The Fillmore", AT_FILLMORE),
        ("Where is the Fillmore?", ADDRESS),
        ("What is the address of The Fillmore?", ADDRESS),
        ("What's on on 2026-12-31?", EVE),
        ("What is on on December 31st?", EVE),
        ("What is on today?", "There are 2 events today: 11am at Lantern Hall; 20:00 at The Fillmore."),
        ("What is on tonight?", "There is one event tonight: 20:00 at The Fillmore."),
        ("What is on tomorrow?", "There is one event tomorrow: 7:30 PM at Lantern Hall."),
        (
            "What is on at the Fillmore on Saturday?",
            "There is one event at The Fillmore on Saturday, 21 November 2026: 8pm.",
        ),
        (
            "When is the jazz night at the Fillmore this weekend?",
            "There is one event at The Fillmore this weekend: Saturday, 21 November 2026, 8pm.",
        ),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
}

#[tokio::test]
async fn a_wrong_letter_and_another_case_change_nothing() {
    for (question, answer) in [
        ("WHAT IS ON AT THE FILLMORE", AT_FILLMORE),
        ("whats on at the filmore", AT_FILLMORE),
        ("What is on at the Fillmroe?", AT_FILLMORE),
        ("what is on at fillmore", AT_FILLMORE),
        ("Where is the Filllmore?", ADDRESS),
        ("wheres the fillmore!", ADDRESS),
        ("What is on at Lantren Hall tomorrow?", "There is one event at Lantern Hall tomorrow: 7:30 PM."),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
}

#[tokio::test]
async fn the_weekend_is_what_is_left_of_it() {
    let both = "There are 2 events this weekend: Saturday, 21 November 2026, 8pm at The Fillmore; \
                Sunday, 22 November 2026, noon at Lantern Hall.";
    let sunday = "There is one event this weekend: noon at Lantern Hall.";
    for (now, answer) in [(WEDNESDAY, both), (SATURDAY, both), (SUNDAY, sunday)] {
        assert_eq!(sentence_on(now, "What is on this weekend?").await, answer, "{now}");
    }
}

#[tokio::test]
async fn what_is_past_is_not_coming() {
    assert_eq!(sentence("What is on at the Old Tram Depot?").await, "Nothing is on at Old Tram Depot.");
    let all = sentence_on("2026-12-01T00:00:00Z", "List the upcoming events").await;
    assert_eq!(all, "There is one event: Thursday, 31 December 2026, 10pm at The Fillmore.");
}

#[tokio::test]
async fn facts_follow_the_sentence_as_pairs() {
    let items = ask(WEDNESDAY, events(), "What is on tomorrow?", 10).await;
    let event = ResultItem::pairs([
        ("date", "2026-11-19"),
        ("time", "19:30"),
        ("venue", "Lantern Hall"),
        ("address", "12 Harbour Street"),
    ]);
    assert_eq!(items[1..], [event]);
    let items = ask(WEDNESDAY, events(), "Where is the Fillmore?", 10).await;
    let place = ResultItem::pairs([("venue", "The Fillmore"), ("address", "1805 Geary Boulevard")]);
    assert_eq!(items[1..], [place]);
}

#[tokio::test]
async fn no_more_items_are_given_than_wanted() {
    for max_results in [1, 2, 3] {
        let items = ask(WEDNESDAY, events(), "What is on at the Fillmore?", max_results).await;
        assert_eq!(items.len(), usize::from(max_results));
        assert_eq!(items[0], ResultItem::text(AT_FILLMORE));
    }
}

#[tokio::test]
async fn a_long_list_is_cut_in_the_sentence_only() {
    let mut many = events();
    many.extend(events());
    many.extend(events());
    let items = ask(WEDNESDAY, many, "What is on at the Fillmore?", 100).await;
    let ResultBody::PlainText(text) = &items[0].body else { panic!("{items:?}") };
    assert!(
        text.starts_with("There are 9 events at The Fillmore: ") && text.ends_with("; and 4 more."),
        "{text}"
    );
    assert_eq!(items.len(), 10);
}

#[tokio::test]
async fn nothing_found_is_said_plainly() {
    for (question, answer) in [
        ("What is on at the Zorn Arena?", "I know of no venue called “Zorn Arena”."),
        ("What is on at the Zorn Arena tomorrow?", "I know of no venue called “Zorn Arena”."),
        ("What is on in Paris tomorrow?", "I know of no venue called “Paris”."),
        ("What is on at 8pm tomorrow?", "There is one event tomorrow: 7:30 PM at Lantern Hall."),
        ("Where is the Zorn Arena?", "I know of no venue called “Zorn Arena”."),
        ("What is on on 2026-12-30?", "Nothing is on Wednesday, 30 December 2026."),
        ("What is on at the Fillmore tomorrow?", "Nothing is on at The Fillmore tomorrow."),
        ("What is on on 2026-02-30?", "There is no such day as 2026-02-30."),
        ("Who played in Heat?", HELP),
        ("?!", HELP),
    ] {
        assert_eq!(sentence(question).await, answer, "{question}");
    }
    let none = ask(WEDNESDAY, Vec::new(), "What is on this weekend?", 10).await;
    assert_eq!(none, [ResultItem::text("Nothing is on this weekend.")]);
}

#[tokio::test]
async fn a_venue_named_twice_is_told_of_once() {
    assert_eq!(sentence("What is on at the Fillmore, the Fillmore?").await, AT_FILLMORE);
    assert_eq!(sentence("Where is the Fillmore, the Fillmore?").await, ADDRESS);
}

#[tokio::test]
async fn of_a_question_full_of_venues_the_first_are_answered() {
    let names =
        ["Abbey", "Barn", "Cellar", "Depot", "Dome", "Forge", "Grange", "Kiln", "Lodge", "Mill", "Pier"];
    let template = events().remove(0);
    let venues = names.map(|name| Event { venue: Venue::parse(name).unwrap(), ..template.clone() });
    let question = format!("Where is the {}?", names.join(" or the "));
    let items = ask(WEDNESDAY, venues.to_vec(), &question, 100).await;
    assert_eq!(items.len(), 1 + 10);
    assert!(!items.iter().any(|item| format!("{item:?}").contains("Pier")), "{items:?}");
}
