//! Several instances on one log: watching and cancelling elsewhere, and what is left of an instance that dies or
//! was taken for dead.

use crate::world::{Instance, World, anybody, question, told};
use square_kernel::{Asker, Page};
use square_routing::{
    AnswerStream, AnsweredQuestion, AskError, Deadline, HistoryFilter, Question, QuestionId, QuestionLog,
    Router,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The longest pause between two looks, and some time to act.
const SOON: Duration = Duration::from_millis(210);

fn urgent() -> Question {
    Question { deadline: Deadline::parse(1500).unwrap(), ..question() }
}

async fn watch(instance: &Instance, id: QuestionId, after: u32) -> AnswerStream {
    instance.router.watch(&anybody(), id, after).await.ok().unwrap()
}

async fn next(answers: &mut AnswerStream) -> Option<String> {
    let entry = timeout(SOON, answers.next()).await.expect("comes soon").unwrap();
    entry.map(|entry| told(&entry.event))
}

fn all_told(answered: &AnsweredQuestion) -> Vec<String> {
    answered.entries.iter().map(|entry| told(&entry.event)).collect()
}

async fn find(router: &Router, id: QuestionId) -> AnsweredQuestion {
    router.find(&anybody(), id).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_question_is_watched_at_another_instance_as_it_goes_on() {
    let mut world = World::new(&[0.9, 0.8, 0.7]);
    let other = world.other_instance();
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[2].asked().await.say("before anybody watches");
    asked.answers.next().await.unwrap().unwrap();
    let first = asked.record.last_opening() + 1;
    let (mut all, mut rest) = (watch(&other, id, 0).await, watch(&other, id, first).await);
    assert_eq!(next(&mut all).await.as_deref(), Some("c: 1 items"));
    for (index, said) in [(0, "a: 1 items"), (1, "b: 1 items")] {
        sleep(Duration::from_millis(700)).await;
        world.scripts[index].asked().await.say("yes");
        assert_eq!(next(&mut all).await.as_deref(), Some(said));
        assert_eq!(next(&mut rest).await.as_deref(), Some(said));
    }
    for answers in [&mut all, &mut rest] {
        assert_eq!(next(answers).await.as_deref(), Some("complete"));
        assert_eq!(next(answers).await, None);
    }
    assert_eq!(all.all().await.unwrap(), asked.answers.all().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_when_a_watcher_elsewhere_gives_up_waiting_again_and_again() {
    let mut world = World::new(&[0.9, 0.8]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let mut answers = watch(&other, asked.record.id, 0).await;
    for script in &mut world.scripts {
        script.asked().await.say("yes");
    }
    let mut seen = Vec::new();
    loop {
        // Shorter than any pause between two looks.
        match timeout(Duration::from_millis(7), answers.next()).await {
            Ok(Ok(Some(entry))) => seen.push(entry.seq),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => panic!("{error}"),
            Err(_) => {}
        }
    }
    assert_eq!(seen, [5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn the_log_is_read_once_for_all_watchers_and_not_at_all_without_any() {
    let world = World::new(&[0.9]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let mut watchers = Vec::new();
    for _ in 0..20 {
        watchers.push(watch(&other, asked.record.id, 0).await);
    }
    sleep(Duration::from_secs(2)).await;
    let looks = other.log.looks();
    assert!((10..=20).contains(&looks), "{looks}");
    watchers.truncate(1);
    sleep(Duration::from_secs(2)).await;
    assert!(other.log.looks() >= looks + 10);
    drop(watchers);
    let looks = other.log.looks();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(other.log.looks(), looks);
    assert_eq!(world.log.looks(), 0);
    // Who comes later is served anew.
    let answers = watch(&other, asked.record.id, 0).await;
    assert_eq!(all_told(&answers.all().await.unwrap()), ["late", "a: timed_out", "deadline"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_of_somebody_signed_in_is_nobody_elses_at_any_instance() {
    let world = World::new(&[0.9]);
    let (other, ann) = (world.other_instance(), world.signed_in());
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    for _ in 0..2 {
        assert!(other.router.watch(&anybody(), id, 0).await.is_err());
        // The second time round it is being followed already.
        let _own = other.router.watch(&ann, id, 0).await.ok().unwrap();
        assert!(other.router.watch(&anybody(), id, 0).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_elsewhere_outlives_an_outage() {
    let mut world = World::new(&[0.9]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let mut answers = watch(&other, asked.record.id, 0).await;
    other.log.break_down();
    world.scripts[0].asked().await.say("meanwhile");
    assert!(timeout(Duration::from_secs(10), answers.next()).await.is_err());
    other.log.repair();
    assert_eq!(next(&mut answers).await.as_deref(), Some("a: 1 items"));
    assert_eq!(next(&mut answers).await.as_deref(), Some("complete"));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_an_end_that_is_not_stored() {
    let world = World::new(&[0.9]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), urgent()).await.unwrap();
    world.log.break_down();
    let (begun, mut answers) = (Instant::now(), watch(&other, asked.record.id, 0).await);
    assert!(answers.next().await.is_err());
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(30) && waited < Duration::from_mins(2), "{waited:?}");
    // Who asks again gets another chance.
    let mut answers = watch(&other, asked.record.id, 0).await;
    world.log.repair();
    assert_eq!(world.router.close_interrupted().await.unwrap(), 1);
    assert_eq!(next(&mut answers).await.as_deref(), Some("a: interrupted"));
}

#[tokio::test(start_paused = true)]
async fn a_question_is_cancelled_at_another_instance_by_its_asker_only() {
    let mut world = World::new(&[0.9, 0.8]);
    let (other, ann) = (world.other_instance(), world.signed_in());
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    let cancel = async |asker: &Asker| other.router.cancel(asker, id).await.unwrap();
    assert!(!cancel(&anybody()).await);
    assert_eq!(world.log.cancel_requests(), []);
    world.scripts[0].asked().await.say("yes");
    sleep(SOON).await;
    assert!(cancel(&ann).await);
    let requests = world.log.cancel_requests();
    assert_eq!(requests, [id]);
    // Every instance hears of it.
    other.router.cancel_here(id);
    world.router.cancel_here(id);
    let answered = asked.answers.all().await.unwrap();
    assert_eq!(all_told(&answered), ["a: 1 items", "b: cancelled", "cancelled"]);
    world.router.idle().await;
    assert!(!cancel(&ann).await);
    other.log.break_down();
    assert!(other.router.cancel(&ann, id).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn questions_of_a_dead_instance_are_closed_with_what_was_answered() {
    let mut world = World::new(&[0.9, 0.8]);
    let (one, other) = (world.other_instance(), world.other_instance());
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[0].asked().await.say("yes");
    let seen = asked.answers.next().await.unwrap().unwrap();
    let watching = watch(&one, id, 0).await;
    assert_eq!(one.router.close_interrupted().await.unwrap(), 0);
    world.log.break_down();
    world.log.strike_off();
    let (at_one, at_other) = futures::join!(one.router.close_interrupted(), other.router.close_interrupted());
    assert_eq!(at_one.unwrap() + at_other.unwrap(), 1);
    let answered = watching.all().await.unwrap();
    assert_eq!(answered.entries[0], seen);
    assert_eq!(all_told(&answered), ["a: 1 items", "b: interrupted", "interrupted"]);
    assert_eq!(find(&other.router, id).await, answered);
    assert_eq!(one.router.close_interrupted().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_taken_for_dead_shows_what_is_stored() {
    let mut world = World::new(&[0.9, 0.8]);
    let other = world.other_instance();
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[0].asked().await.say("in time");
    assert_eq!(next(&mut asked.answers).await.as_deref(), Some("a: 1 items"));
    world.log.strike_off();
    assert_eq!(other.router.close_interrupted().await.unwrap(), 1);
    world.scripts[1].asked().await.say("too late");
    assert_eq!(next(&mut asked.answers).await.as_deref(), Some("b: interrupted"));
    let shown = asked.answers.all().await.unwrap();
    assert_eq!(all_told(&shown), ["a: 1 items", "b: interrupted", "interrupted"]);
    world.router.idle().await;
    assert_eq!(find(&world.router, id).await, shown);
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_taken_for_dead_does_not_close_what_it_works_on() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    world.log.strike_off();
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
    world.scripts[0].asked().await.say("yes");
    assert_eq!(all_told(&asked.answers.all().await.unwrap()), ["a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_instance_wrote_once_more_is_closed_the_next_time() {
    let mut world = World::new(&[0.9, 0.8]);
    let other = world.other_instance();
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.log.strike_off();
    other.log.slow_down(Duration::from_secs(1));
    let router = Arc::clone(&other.router);
    let closing = tokio::spawn(async move { router.close_interrupted().await });
    sleep(Duration::from_millis(500)).await;
    world.scripts[0].asked().await.say("between the look and the write");
    assert_eq!(closing.await.unwrap().unwrap(), 0);
    assert_eq!(all_told(&find(&other.router, id).await), ["a: 1 items"]);
    assert_eq!(other.router.close_interrupted().await.unwrap(), 1);
    let told = all_told(&find(&other.router, id).await);
    assert_eq!(told, ["a: 1 items", "b: interrupted", "interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_outage_kept_from_being_closed_is_closed_the_next_time() {
    let world = World::new(&[0.9]);
    let other = world.other_instance();
    for _ in 0..5 {
        world.router.ask(&anybody(), question()).await.unwrap();
    }
    world.log.strike_off();
    other.log.slow_down(Duration::from_secs(1));
    let router = Arc::clone(&other.router);
    let closing = tokio::spawn(async move { router.close_interrupted().await });
    sleep(Duration::from_millis(500)).await;
    other.log.break_down();
    assert!(closing.await.unwrap().is_err());
    other.log.repair();
    assert_eq!(other.router.close_interrupted().await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_stored_is_ended_when_it_can() {
    let mut world = World::new(&[0.9, 0.8]);
    let other = world.other_instance();
    let mut asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[0].asked().await.say("in time");
    assert_eq!(next(&mut asked.answers).await.as_deref(), Some("a: 1 items"));
    world.log.break_down();
    world.scripts[1].asked().await.say("lost");
    assert!(asked.answers.next().await.is_err());
    world.router.idle().await;
    assert!(world.router.close_interrupted().await.is_err());
    world.log.repair();
    // It is no orphan, since its instance lives.
    assert_eq!(other.router.close_interrupted().await.unwrap(), 0);
    assert_eq!(world.router.close_interrupted().await.unwrap(), 1);
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
    let told = all_told(&find(&other.router, id).await);
    assert_eq!(told, ["a: 1 items", "b: interrupted", "interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_was_stored_without_anybody_knowing_is_ended() {
    let world = World::new(&[0.9]);
    world.log.lose_answers();
    let asked = world.router.ask(&world.signed_in(), question()).await;
    assert!(matches!(asked, Err(AskError::Unavailable(_))));
    world.router.idle().await;
    world.log.repair();
    assert_eq!(world.router.close_interrupted().await.unwrap(), 1);
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
    let questions =
        world.log.of_asker(world.owner, &HistoryFilter::default(), Page::default()).await.unwrap();
    let told: Vec<_> = questions.items.iter().map(all_told).collect();
    assert_eq!(told, [["a: interrupted", "interrupted"]]);
}
