use crate::calendar::today;
use crate::event::Event;
use crate::ports::{EventFilter, EventStore};
use square_kernel::{Clock, Unavailable};
use square_skills::TrainingSet;

/// How many events the questions are made from.
const EVENTS: u16 = 200;
/// How many questions each form with a name or day is turned into.
const OF_EACH_FORM: usize = 4;

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
/// selector with, and some worded otherwise to measure it with.
pub async fn example_questions(
    store: &dyn EventStore,
    clock: &dyn Clock,
) -> Result<TrainingSet, Unavailable> {
    let ahead = EventFilter { from: Some(today(clock)), ..EventFilter::default() };
    let events = store.find(&ahead, EVENTS).await?;
    let train = questions(TRAIN, OF_EACH_FORM, &events, NAMELESS);
    let dev = questions(DEV, 2, &events, NAMELESS_DEV);
    Ok(TrainingSet { train: train.into(), dev: dev.into() })
}

fn questions(forms: &[&str], of_each: usize, events: &[Event], nameless: &[&str]) -> Vec<String> {
    let forms = forms.iter().cycle().take(forms.len() * of_each);
    let named = forms.zip(events.iter().cycle()).map(|(form, event)| filled(form, event));
    let mut questions: Vec<String> = Vec::new();
    for question in named {
        // Several events of a venue or a day give the same question.
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    // Last, because the first few are shown to people.
    questions.extend(nameless.iter().map(|&question| question.to_owned()));
    questions
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
    use crate::testing::InMemoryEvents;
    use crate::{EventsSkill, seed};
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Asker, UserId};
    use square_skills::{ResultBody, Skill, SkillRequest};
    use std::collections::HashSet;
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
}
