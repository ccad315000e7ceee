//! What becomes of a question when everybody who watched it has gone.

use crate::world::{GRACE, World, anybody, question, told};
use square_routing::{Question, QuestionId, Router};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MOMENT: Duration = Duration::from_millis(100);

/// A moment less than the grace time.
const ALMOST: Duration = GRACE.saturating_sub(MOMENT);

async fn ending(router: &Router, id: QuestionId) -> Vec<String> {
    router.idle().await;
    let answered = router.find(&anybody(), id).await.unwrap();
    answered.entries.iter().map(|entry| told(&entry.event)).collect()
}

const CANCELLED: [&str; 2] = ["a: cancelled", "cancelled"];

#[tokio::test(start_paused = true)]
async fn when_the_last_watcher_has_been_gone_for_a_while_it_is_cancelled() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    let mut waiting = world.scripts[0].asked().await;
    let second = world.router.watch(&anybody(), id, 0).await.ok().unwrap();
    drop(asked);
    sleep(GRACE * 2).await;
    let gone = Instant::now();
    drop(second);
    waiting.given_up().await;
    assert_eq!(gone.elapsed(), GRACE);
    assert_eq!(ending(&world.router, id).await, CANCELLED);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_saves_it_as_often_as_they_like() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    drop(asked);
    let waiting = world.scripts[0].asked().await;
    for _ in 0..3 {
        sleep(ALMOST).await;
        drop(world.router.watch(&anybody(), id, 0).await.ok().unwrap());
    }
    sleep(ALMOST).await;
    waiting.say("still wanted");
    assert_eq!(ending(&world.router, id).await, ["a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn one_who_stops_asking_before_the_question_is_stored_counts_as_gone() {
    let mut world = World::new(&[0.9]);
    world.log.slow_down(MOMENT * 2);
    let asking = tokio::time::timeout(MOMENT, world.router.ask(&anybody(), question())).await;
    assert!(asking.is_err());
    world.scripts[0].asked().await.given_up().await;
    world.router.idle().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_unattended_goes_on_without_watchers() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), Question { unattended: true, ..question() }).await.unwrap();
    let id = asked.record.id;
    drop(asked);
    sleep(GRACE * 2).await;
    world.scripts[0].asked().await.say("yes");
    assert_eq!(ending(&world.router, id).await, ["a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_watched_at_another_instance_goes_on_until_it_is_not() {
    let mut world = World::new(&[0.9]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    drop(asked);
    let mut waiting = world.scripts[0].asked().await;
    let elsewhere = other.router.watch(&anybody(), id, 0).await.ok().unwrap();
    sleep(GRACE * 2 + MOMENT).await;
    let gone = Instant::now();
    drop(elsewhere);
    waiting.given_up().await;
    assert!(gone.elapsed() >= GRACE / 2 && gone.elapsed() <= GRACE * 2, "{:?}", gone.elapsed());
    assert_eq!(ending(&world.router, id).await, CANCELLED);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_while_nobody_knows_whether_it_is_watched() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    let waiting = world.scripts[0].asked().await;
    world.log.break_down();
    drop(asked);
    sleep(GRACE * 3).await;
    world.log.repair();
    waiting.say("yes");
    assert_eq!(ending(&world.router, id).await, ["a: 1 items", "complete"]);
}
