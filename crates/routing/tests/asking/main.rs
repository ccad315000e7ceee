//! What a question goes through, on scripted skills and the in-memory log. Time is paused, so a deadline
//! passes as soon as nothing else is left to happen.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod deleting;
mod deltas;
mod desertion;
mod fair_use;
mod feedback;
mod forgetting;
mod hedging;
mod instances;
mod interleavings;
mod routes;
mod tickets;
mod world;

use crate::world::{World, anybody, by_name, named, question, told};
use square_kernel::{Asker, Page};
use square_routing::{
    AskError, Deadline, Ending, FallbackFrom, HistoryFilter, MaxSkills, Question, QuestionLog, Selection,
    WatchError,
};
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;

async fn all_told(world: &World, question: Question) -> Vec<String> {
    let asked = world.router.ask(&anybody(), question).await.unwrap();
    let answered = asked.answers.all().await.unwrap();
    answered.entries.iter().map(|entry| told(&entry.event)).collect()
}

#[tokio::test(start_paused = true)]
async fn answers_come_in_order_of_completion_and_are_numbered_without_gaps() {
    let mut world = World::new(&[0.9, 0.8, 0.7]);
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    for index in [2, 0, 1] {
        world.scripts[index].asked().await.say("yes");
        let entry = asked.answers.next().await.unwrap().unwrap();
        assert_eq!(told(&entry.event), format!("{}: 1 items", world.skills[index].name));
    }
    let last = asked.answers.next().await.unwrap().unwrap();
    // 1 to 5 are the question, the decision and the three skills that are asked.
    assert_eq!((last.seq, told(&last.event).as_str()), (9, "complete"));
    assert!(asked.answers.next().await.unwrap().is_none());
    let stored = world.log.find(asked.record.id).await.unwrap().unwrap();
    assert_eq!(stored.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [6, 7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn together_they_are_given_best_first() {
    let mut world = World::new(&[0.5, 0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    for script in &mut world.scripts {
        script.asked().await.say("yes");
    }
    let answered = asked.answers.all().await.unwrap();
    let names: Vec<_> = answered.outcomes().iter().map(|outcome| outcome.skill.name.clone()).collect();
    assert_eq!(names, ["b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_watcher_has_seen_is_stored() {
    let mut world = World::new(&[0.9]);
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    assert!(world.log.find(asked.record.id).await.unwrap().is_some());
    world.scripts[0].asked().await.say("yes");
    while let Some(entry) = asked.answers.next().await.unwrap() {
        let stored = world.log.find(asked.record.id).await.unwrap().unwrap();
        assert!(stored.entries.contains(&entry));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_that_cannot_be_stored() {
    let mut world = World::new(&[0.9]);
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    let waiting = world.scripts[0].asked().await;
    world.log.break_down();
    waiting.say("yes");
    assert!(asked.answers.next().await.is_err());
    assert!(matches!(world.router.ask(&anybody(), question()).await, Err(AskError::Unavailable(_))));
    world.router.idle().await;
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_what_is_there_is_given_and_each_missing_skill_has_an_error() {
    let mut world = World::new(&[0.9, 0.8, 0.7]);
    let question = Question { deadline: Deadline::parse(1500).unwrap(), ..question() };
    let asked = world.router.ask(&anybody(), question).await.unwrap();
    world.scripts[1].asked().await.say("in time");
    let mut hanging = world.scripts[0].asked().await;
    let answered = asked.answers.all().await.unwrap();
    let told: Vec<_> = answered.entries.iter().map(|entry| told(&entry.event)).collect();
    assert_eq!(told, ["b: 1 items", "late", "a: timed_out", "c: timed_out", "deadline"]);
    hanging.given_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_fails_or_panics_spoils_nothing() {
    struct Panics;
    #[async_trait::async_trait]
    impl Skill for Panics {
        async fn answer(&self, _: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
            panic!("on purpose")
        }
    }
    let mut world = World::connected(
        &[0.9, 0.8, 0.7],
        |_, _| {},
        |connector| connector.put("builtin:c", Arc::new(Panics)),
    );
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    world.scripts[0].asked().await.answer(Err(SkillFailure::Status(500)));
    world.scripts[1].asked().await.say("fine");
    let answered = asked.answers.all().await.unwrap();
    let mut told: Vec<_> = answered.entries.iter().map(|entry| told(&entry.event)).collect();
    told.sort_unstable();
    assert_eq!(told, ["a: bad_status", "b: 1 items", "c: internal", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_skill_gives_no_more_items_than_were_asked_for() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    world.scripts[0]
        .asked()
        .await
        .answer(Ok((0..50).map(|number| ResultItem::text(number.to_string())).collect()));
    let answered = asked.answers.all().await.unwrap();
    assert_eq!(told(&answered.entries[0].event), "a: 10 items");
}

#[tokio::test(start_paused = true)]
async fn nothing_fits_is_an_end_of_its_own_that_names_the_nearest() {
    let world = World::new(&[0.1, 0.2]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    assert!(asked.record.choice.chosen.is_empty());
    assert_eq!(asked.record.choice.nearest.as_ref().map(|nearest| nearest.name.as_str()), Some("b"));
    let answered = asked.answers.all().await.unwrap();
    assert_eq!(answered.finish().map(|finish| finish.ending), Some(Ending::Complete));
}

#[tokio::test(start_paused = true)]
async fn named_skills_are_asked_whatever_their_score_but_no_more_than_the_maximum() {
    let world = World::new(&[0.9, 0.0, 0.1]);
    let question = Question {
        selection: named(&["B", "c"]),
        max_skills: MaxSkills::parse("n", 1).unwrap(),
        ..question()
    };
    let asked = world.router.ask(&anybody(), question).await.unwrap();
    let chosen: Vec<_> = asked.record.choice.chosen.iter().map(|chosen| chosen.name.as_str()).collect();
    assert_eq!(chosen, ["c"]);
}

#[tokio::test(start_paused = true)]
async fn unknown_skills_and_selectors_are_named() {
    let world = World::new(&[0.9]);
    let unknown = Question { selection: named(&["a", "nobody"]), ..question() };
    let Err(AskError::Invalid(invalid)) = world.router.ask(&anybody(), unknown).await else { panic!() };
    assert_eq!(invalid.to_string(), "options.selectedSkills names a skill that does not exist: nobody");
    let unknown = Question { selector: Some(by_name("Oracle")), ..question() };
    let Err(AskError::Invalid(invalid)) = world.router.ask(&anybody(), unknown).await else { panic!() };
    assert_eq!(invalid.to_string(), "options.selector must be one of Square, Base, Elsewhere");
}

#[tokio::test(start_paused = true)]
async fn an_unpublished_skill_is_asked_only_by_name_by_its_owner_and_by_the_right_selector() {
    let world = World::with(&[0.9, 0.8], |index, skill| skill.published = index == 0);
    let chosen = async |asker: &Asker, selector: &str, selection| {
        let question = Question { selector: Some(by_name(selector)), selection, ..question() };
        let asked = world.router.ask(asker, question).await.ok()?;
        Some(
            asked.record.choice.chosen.iter().map(|chosen| chosen.name.clone()).collect::<Vec<_>>().join(" "),
        )
    };
    let owner = world.signed_in();
    assert_eq!(chosen(&owner, "Base", named(&["a", "b"])).await.as_deref(), Some("a b"));
    assert_eq!(chosen(&owner, "Square", named(&["a", "b"])).await.as_deref(), Some("a"));
    assert_eq!(chosen(&owner, "Base", Selection::Published).await.as_deref(), Some("a"));
    assert_eq!(chosen(&anybody(), "Base", named(&["a", "b"])).await, None);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_it_for_the_asker_only() {
    let mut world = World::new(&[0.9, 0.8]);
    let ann = world.signed_in();
    let mut asked = world.router.ask(&ann, question()).await.unwrap();
    assert!(!world.router.cancel(&anybody(), asked.record.id).await.unwrap());
    world.scripts[0].asked().await.say("yes");
    assert_eq!(told(&asked.answers.next().await.unwrap().unwrap().event), "a: 1 items");
    assert!(world.router.cancel(&ann, asked.record.id).await.unwrap());
    assert_eq!(world.log.cancel_requests(), []);
    let answered = asked.answers.all().await.unwrap();
    let told: Vec<_> = answered.entries.iter().map(|entry| told(&entry.event)).collect();
    assert_eq!(told, ["a: 1 items", "b: cancelled", "cancelled"]);
    world.router.idle().await;
    assert!(!world.router.cancel(&ann, answered.question.id).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stream_cut_anywhere_goes_on_where_it_was_cut_live_or_stored() {
    let mut world = World::new(&[0.9, 0.8]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    let first = asked.record.last_opening() + 1;
    let mut live = world.router.watch(&anybody(), id, first).await.ok().unwrap();
    for script in &mut world.scripts {
        script.asked().await.say("yes");
    }
    let whole = asked.answers.all().await.unwrap();
    assert_eq!(live.next().await.unwrap(), Some(whole.entries[1].clone()));
    world.router.idle().await;
    for after in 0..=whole.last() + 1 {
        let mut rest = world.router.watch(&anybody(), id, after).await.ok().unwrap();
        assert_eq!(rest.record().opening_events(after).count(), first.saturating_sub(after + 1) as usize);
        for entry in whole.entries.iter().filter(|entry| entry.seq > after) {
            assert_eq!(rest.next().await.unwrap().as_ref(), Some(entry));
        }
        assert_eq!(rest.next().await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_of_somebody_signed_in_is_nobody_elses() {
    let mut world = World::new(&[0.9]);
    let ann = world.signed_in();
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    assert!(matches!(world.router.find(&anybody(), id).await, Err(WatchError::NotFound)));
    world.scripts[0].asked().await.say("yes");
    asked.answers.all().await.unwrap();
    world.router.idle().await;
    assert!(matches!(world.router.find(&anybody(), id).await, Err(WatchError::NotFound)));
    assert!(matches!(world.router.watch(&anybody(), id, 0).await, Err(WatchError::NotFound)));
    assert_eq!(world.router.find(&ann, id).await.unwrap().entries.len(), 2);
    let all = HistoryFilter::default();
    assert_eq!(world.router.history(&ann, &all, Page::default()).await.unwrap().items.len(), 1);
    assert!(world.router.history(&anybody(), &all, Page::default()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_on_for_a_while_when_nobody_watches() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    drop(asked);
    world.scripts[0].asked().await.say("yes");
    world.router.idle().await;
    assert_eq!(world.router.find(&anybody(), id).await.unwrap().entries.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_skills_at_all_is_an_answer_too() {
    assert_eq!(all_told(&World::new(&[]), question()).await, ["complete"]);
}

#[tokio::test(start_paused = true)]
async fn where_a_selector_fails_another_ranks_and_that_is_told_and_kept() {
    let world = World::new(&[0.9, 0.2]);
    let question = Question { selector: Some(by_name("elsewhere")), ..question() };
    let asked = world.router.ask(&anybody(), question).await.unwrap();
    let choice = &asked.record.choice;
    assert_eq!((choice.selector.as_str(), choice.chosen.len()), ("Square", 1));
    let told = FallbackFrom { selector: "Elsewhere".to_owned(), reason: "it is out".to_owned() };
    assert_eq!(choice.fallback_from, Some(told));
    let stored = world.log.find(asked.record.id).await.unwrap().unwrap();
    assert_eq!(stored.question.choice, *choice);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_ranks_in_its_place_the_question_is_refused() {
    let world = World::without_fallback(&[0.9]);
    let elsewhere = Question { selector: Some(by_name("Elsewhere")), ..question() };
    let refused = world.router.ask(&anybody(), elsewhere).await.err();
    assert!(matches!(refused, Some(AskError::Selector(unavailable)) if unavailable.0 == "it is out"));
    let square = world.router.ask(&anybody(), question()).await.unwrap();
    assert_eq!(square.record.choice.fallback_from, None);
}
