use crate::calendar::today;
use crate::event::Event;
use crate::ports::{EventFilter, EventStore};
use square_kernel::{Clock, Limit, Page, Unavailable};
use square_naming::NameKey;
use square_skills::TrainingSet;
use std::collections::HashSet;

/// How many of the next events the questions are made from.
const EVENTS: usize = 200;
/// How many questions each form with a name or day is turned into.
const OF_EACH_FORM: usize = 4;
/// How many venues are named at most, and among how many of the next events they are looked for.
const VENUES: usize = 300;
const LOOKED_AT: usize = 2000;

#[rustfmt::skip]
const TRAIN: &[&str] = &[
    "What is on at {venue}?", "what's on at {venue}", "What is happening at {venue}?", "Which concerts are at {venue}?",
    "Are there any events at {venue}?", "Show me the schedule of {venue}", "When is the next show at {venue}?",
    "When is something on at {venue}?", "What is on at {venue} this weekend?", "What is on at {venue} on {date}?",
    "Anything going on at {venue} on {weekday}?", "Is there a gig at {venue} tonight?",
    "Where is {venue}?", "What is the address of {venue}?", "How do I get to {venue}?", "where is the venue {venue} located",
    "What is on on {weekday}?", "What's on on {date}?", "Which events are on {date}?", "What is happening on {day}?",
    "concerts on {weekday}", "What shows are there next {weekday}?", "What is on in {month}?",
];

#[rustfmt::skip]
const NAMELESS: &[&str] = &[
    "What is on this weekend?", "What is on today?", "What's on tonight?", "What is on tomorrow?", "What is on next weekend?",
    "Which events are there this week?", "What is happening next week?", "Any concerts tonight?", "events this weekend",
    "What can I do this evening?", "List the upcoming events", "Which shows are coming up?", "What is going on this month?",
];

#[rustfmt::skip]
const DEV: &[&str] = &[
    "Tell me what is on at {venue} tomorrow", "Which events take place at {venue}?", "Can you tell me where {venue} is?",
    "Is anything on at {venue} next week?", "What concerts are on {weekday}?", "Do you know what is on {date}?",
    "When is the first event at {venue}?", "What gigs are there on {day}?",
];

const NAMELESS_DEV: &[&str] = &[
    "What events are there tonight?",
    "Is there something on this weekend?",
    "what shows are on tomorrow",
    "What is on next week?",
];

/// Questions this skill can answer, made from the events that `store` has from today on: some to train a
/// selector with, and some worded otherwise to measure it with. The former name every venue that has something ahead, as far
/// as these are not too many: by a name that it knows, a selector tells a question that is worded in another way.
pub async fn example_questions(
    store: &dyn EventStore,
    clock: &dyn Clock,
) -> Result<TrainingSet, Unavailable> {
    let events = coming(store, clock).await?;
    let mut train = questions(TRAIN, OF_EACH_FORM, &events);
    name_the_rest(&mut train, &events);
    let mut dev = questions(DEV, 2, &events);
    // Last, because the first few are shown to people.
    train.extend(NAMELESS.iter().map(|&question| question.to_owned()));
    dev.extend(NAMELESS_DEV.iter().map(|&question| question.to_owned()));
    Ok(TrainingSet { train: train.into(), dev: dev.into() })
}

/// The next events, and of later ones the first at each venue that has none of those.
async fn coming(store: &dyn EventStore, clock: &dyn Clock) -> Result<Vec<Event>, Unavailable> {
    let ahead = EventFilter { from: Some(today(clock)), ..EventFilter::default() };
    let mut page = Page { limit: Limit::new(Limit::MAX).unwrap_or_default(), after: None };
    let (mut events, mut venues, mut looked_at) = (Vec::new(), HashSet::new(), 0);
    loop {
        let slice = store.list(&ahead, page).await?;
        looked_at += slice.items.len();
        for event in slice.items {
            if venues.insert(event.venue.key()) || events.len() < EVENTS {
                events.push(event);
            }
        }
        page.after = slice.next;
        if page.after.is_none() || looked_at >= LOOKED_AT || venues.len() >= VENUES {
            return Ok(events);
        }
    }
}

fn questions(forms: &[&str], of_each: usize, events: &[Event]) -> Vec<String> {
    let forms = forms.iter().cycle().take(forms.len() * of_each);
    let named = forms.zip(events.iter().cycle()).map(|(form, event)| filled(form, event));
    let mut questions: Vec<String> = Vec::new();
    for question in named {
        // Several events of a venue or a day give the same question.
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

/// Adds a question about each venue that none names so far.
fn name_the_rest(questions: &mut Vec<String>, events: &[Event]) {
    let mut named: HashSet<NameKey> = HashSet::new();
    let forms = TRAIN.iter().filter(|form| form.contains("{venue}")).cycle();
    let is_new = |event: &&Event| {
        named.insert(event.venue.key())
            && !questions.iter().any(|question| question.contains(event.venue.as_str()))
    };
    let others: Vec<&Event> = events.iter().filter(is_new).collect();
    questions.extend(others.into_iter().zip(forms).map(|(event, form)| filled(form, event)));
}

fn filled(form: &str, event: &Event) -> String {
    form.replace("{venue}", event.venue.as_str())
        .replace("{date}", &event.date.to_string())
        .replace("{day}", &event.date.strftime("%-d %B").to_string())
        .replace("{weekday}", &event.date.strftime("%A").to_string())
        .replace("{month}", &event.date.strftime("%B").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, Venue};
    use crate::testing::InMemoryEvents;
    use crate::{EventsSkill, sample_data, seed};
    use jiff::SignedDuration;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Asker, UserId};
    use square_skills::{ResultBody, Skill, SkillRequest};
    use std::sync::Arc;

    async fn seeded() -> (Arc<InMemoryEvents>, Arc<ManualClock>) {
        let (store, clock) = (Arc::new(InMemoryEvents::default()), Arc::new(ManualClock::default()));
        let randomness = SeededRandomness::default();
        seed(&*store, UserId::new(&*clock, &randomness), &*clock, &randomness).await.unwrap();
        (store, clock)
    }

    #[tokio::test]
    async fn there_are_enough_and_they_vary() {
        let (store, clock) = seeded().await;
        let questions = example_questions(&*store, &*clock).await.unwrap();
        assert!((80..=150).contains(&questions.train.len()), "{}", questions.train.len());
        assert!((18..=25).contains(&questions.dev.len()), "{}", questions.dev.len());
        let different: HashSet<&String> = questions.train.iter().collect();
        assert_eq!(different.len(), questions.train.len());
        assert!(questions.dev.iter().all(|question| !different.contains(question)));
    }

    #[tokio::test]
    async fn the_skill_understands_each() {
        let (store, clock) = seeded().await;
        let questions = example_questions(&*store, &*clock).await.unwrap();
        let skill = EventsSkill::new(store, clock);
        for question in questions.train.iter().chain(&*questions.dev) {
            let question = question.as_str().into();
            let request =
                SkillRequest { question, max_results: 10, asker: Asker::default(), skill_args: None };
            let items = skill.answer(&request).await.unwrap();
            let ResultBody::PlainText(text) = &items[0].body else { panic!("{items:?}") };
            let understood = items.len() > 1 || text.starts_with("Nothing is on ");
            assert!(understood, "{request:?}: {text}");
        }
    }

    #[tokio::test]
    async fn an_empty_store_still_gives_some() {
        let questions = example_questions(&InMemoryEvents::default(), &ManualClock::default()).await.unwrap();
        assert_eq!((questions.train.len(), questions.dev.len()), (NAMELESS.len(), NAMELESS_DEV.len()));
    }

    #[tokio::test]
    async fn a_venue_is_named_however_much_is_on_before() {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let owner = UserId::new(&clock, &randomness);
        let template = sample_data(owner, &clock, &randomness).unwrap().remove(0);
        let mut events = Vec::new();
        for number in 0..500_i32 {
            clock.advance(SignedDuration::from_millis(1));
            let venue = if number < 400 { "Busy Barn".to_owned() } else { format!("Hall {number}") };
            events.push(Event {
                id: EventId::new(&clock, &randomness),
                date: crate::calendar::days_after(today(&clock), number / 10),
                venue: Venue::parse(&venue).unwrap(),
                ..template.clone()
            });
        }
        let questions = example_questions(&InMemoryEvents::with(events), &clock).await.unwrap();
        for number in 400..500 {
            let name = format!("Hall {number}");
            assert!(questions.train.iter().any(|question| question.contains(&name)), "{name}");
        }
        assert!(questions.train.len() < 400, "{}", questions.train.len());
    }
}
