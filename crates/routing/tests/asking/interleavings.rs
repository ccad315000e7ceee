//! What comes in an unlucky order: a slow log, a deadline in the middle of a write, a runtime that ends.

use crate::world::{World, anybody, question, told};
use async_trait::async_trait;
use square_routing::{Deadline, Question, QuestionLog};
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const DEADLINE: Duration = Duration::from_millis(1500);

fn urgent() -> Question {
    Question { deadline: Deadline::parse(1500).unwrap(), ..question() }
}

#[tokio::test(start_paused = true)]
async fn a_slow_log_neither_loses_nor_reorders_what_comes_meanwhile() {
    let mut world = World::new(&[0.9, 0.8, 0.7]);
    world.log.slow_down(Duration::from_secs(1));
    let router = Arc::clone(&world.router);
    let asking = tokio::spawn(async move { router.ask(&anybody(), urgent()).await });
    // Both answer while the question itself is still being stored, and the deadline passes during the write
    // of their answers.
    for index in [1, 0] {
        world.scripts[index].asked().await.say("in time");
    }
    let asked = asking.await.unwrap().unwrap();
    let id = asked.record.id;
    let answered = asked.answers.all().await.unwrap();
    let told: Vec<_> = answered.entries.iter().map(|entry| (entry.seq, told(&entry.event))).collect();
    let wanted = ["b: 1 items", "a: 1 items", "late", "c: timed_out", "deadline"];
    assert_eq!(told, (6..).zip(wanted.map(str::to_owned)).collect::<Vec<_>>());
    assert_eq!(world.log.find(id).await.unwrap().unwrap().entries, answered.entries);
}

#[tokio::test(start_paused = true)]
async fn what_came_during_a_write_is_shown_without_waiting_for_more() {
    let mut world = World::new(&[0.9, 0.8]);
    world.log.slow_down(Duration::from_secs(1));
    let router = Arc::clone(&world.router);
    let asking = tokio::spawn(async move { router.ask(&anybody(), question()).await });
    world.scripts[0].asked().await.say("during the first write");
    let mut asked = asking.await.unwrap().unwrap();
    assert_eq!(told(&asked.answers.next().await.unwrap().unwrap().event), "a: 1 items");
    world.scripts[1].asked().await.say("after it");
    assert_eq!(told(&asked.answers.next().await.unwrap().unwrap().event), "b: 1 items");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_beats_the_deadline() {
    struct LastMoment;
    #[async_trait]
    impl Skill for LastMoment {
        async fn answer(&self, _: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
            tokio::time::sleep(DEADLINE).await;
            Ok(Vec::new())
        }
    }
    let world =
        World::connected(&[0.9], |_, _| {}, |connector| connector.put("builtin:a", Arc::new(LastMoment)));
    let answered = world.router.ask(&anybody(), urgent()).await.unwrap().answers.all().await.unwrap();
    let told: Vec<_> = answered.entries.iter().map(|entry| told(&entry.event)).collect();
    assert_eq!(told, ["a: 0 items", "complete"]);
}

#[test]
fn nobody_waits_for_a_question_whose_runtime_has_ended() {
    let runtime =
        || -> Runtime { Builder::new_current_thread().enable_time().start_paused(true).build().unwrap() };
    let world = World::new(&[0.9]);
    let short_lived = runtime();
    let mut asked = short_lived.block_on(world.router.ask(&anybody(), question())).unwrap();
    drop(short_lived);
    runtime().block_on(async {
        let soon = Duration::from_secs(1);
        let next = tokio::time::timeout(soon, asked.answers.next()).await;
        assert!(next.expect("the stream ends").is_err());
        tokio::time::timeout(soon, world.router.idle()).await.expect("nothing is under way");
        assert_eq!(world.router.close_interrupted().await.unwrap(), 1);
    });
}
