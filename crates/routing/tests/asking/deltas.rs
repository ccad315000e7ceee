//! Answers that come bit by bit.

use crate::world::{DELTAS_KEPT, World, anybody, question, told};
use async_trait::async_trait;
use jiff::SignedDuration;
use square_routing::{Question, QuestionId};
use square_skills::{DeltaSink, ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Says a word every ten milliseconds, and then all of them or that it failed.
struct Talks {
    words: usize,
    fails: bool,
}

#[async_trait]
impl Skill for Talks {
    async fn answer(&self, _: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        unreachable!("it is listened to")
    }

    async fn answer_in_parts(
        &self,
        _: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        for _ in 0..self.words {
            sleep(Duration::from_millis(10)).await;
            deltas.grown("la ");
        }
        if self.fails {
            Err(SkillFailure::Internal)
        } else {
            Ok(vec![ResultItem::text("la ".repeat(self.words))])
        }
    }
}

fn world(skills: Vec<Talks>) -> World {
    let scores: Vec<f32> = skills.iter().map(|_| 0.9).collect();
    World::connected(
        &scores,
        |_, _| {},
        |connector| {
            for (name, skill) in ('a'..).zip(skills) {
                connector.put(&format!("builtin:{name}"), Arc::new(skill));
            }
        },
    )
}

async fn ask(world: &World, question: Question) -> (QuestionId, Vec<String>) {
    let asked = world.router.ask(&anybody(), question).await.unwrap();
    let answered = asked.answers.all().await.unwrap();
    let numbers = answered.entries.iter().map(|entry| entry.seq);
    assert!(numbers.eq(answered.question.last_opening() + 1..=answered.last()));
    (answered.question.id, answered.entries.iter().map(|entry| told(&entry.event)).collect())
}

#[tokio::test(start_paused = true)]
async fn words_are_stored_together_now_and_then_and_the_whole_answer_at_the_end() {
    let (_, told) = ask(&world(vec![Talks { words: 12, fails: false }]), question()).await;
    let pieces: String = told.iter().filter_map(|told| told.strip_prefix('…')).collect();
    assert!("la ".repeat(12).starts_with(&pieces) && pieces.len() >= 3 * 10, "{told:?}");
    assert!((2..=4).contains(&(told.len() - 2)), "a write each 50 ms, not one a word: {told:?}");
    assert_eq!(told[told.len() - 2..], ["a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_a_failure_or_the_deadline_is_there() {
    let (_, told) = ask(&world(vec![Talks { words: 3, fails: true }]), question()).await;
    assert_eq!(told, ["…la la la ", "a: internal", "complete"]);
    let urgent = Question { deadline: square_routing::Deadline::parse(25).unwrap(), ..question() };
    let (_, told) = ask(&world(vec![Talks { words: 100, fails: false }]), urgent).await;
    assert_eq!(told, ["…la la ", "late", "a: timed_out", "deadline"]);
}

#[tokio::test(start_paused = true)]
async fn pieces_are_deleted_after_a_while_and_the_rest_stays_under_its_numbers() {
    let world = world(vec![Talks { words: 12, fails: false }]);
    let (id, before) = ask(&world, question()).await;
    world.router.idle().await;
    assert!(!world.router.forget_old().await.unwrap());
    world.clock.advance(DELTAS_KEPT + SignedDuration::from_secs(1));
    assert!(!world.router.forget_old().await.unwrap());
    let answered = world.router.find(&anybody(), id).await.unwrap();
    let left: Vec<String> = answered.entries.iter().map(|entry| told(&entry.event)).collect();
    assert_eq!(left, ["a: 1 items", "complete"]);
    assert_eq!(answered.last() as usize, answered.question.last_opening() as usize + before.len());
    // A cursor among what is gone is good all the same.
    let mut rest =
        world.router.watch(&anybody(), id, answered.question.last_opening() + 1).await.ok().unwrap();
    assert_eq!(rest.next().await.unwrap().as_ref(), answered.entries.first());
}
