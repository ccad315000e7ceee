use crate::world::{World, anybody, named, question, told};
use square_routing::{AnswerStream, MaxSkills, Question};
use square_skills::SkillFailure;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long the skill usually takes.
const USUAL: Duration = Duration::from_millis(100);

/// A question for the best skill alone.
fn for_one() -> Question {
    Question { max_skills: MaxSkills::parse("max", 1).unwrap(), ..question() }
}

async fn ask(world: &World, question: Question) -> AnswerStream {
    world.router.ask(&anybody(), question).await.unwrap().answers
}

async fn rest(answers: AnswerStream) -> Vec<String> {
    answers.all().await.unwrap().entries.iter().map(|entry| told(&entry.event)).collect()
}

/// Skills of which the first has answered so many questions, each in its usual time.
async fn used(scores: &[f32], questions: usize) -> World {
    let mut world = World::new(scores);
    for _ in 0..questions {
        let answers = ask(&world, for_one()).await;
        let asked = world.scripts[0].asked().await;
        sleep(USUAL).await;
        asked.say("yes");
        assert_eq!(rest(answers).await, ["a: 1 items", "complete"]);
    }
    world
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_is_slower_than_usual_has_the_next_best_asked_too() {
    let mut world = used(&[0.9, 0.8], 20).await;
    let (answers, begun) = (ask(&world, for_one()).await, Instant::now());
    let slow = world.scripts[0].asked().await;
    let help = world.scripts[1].asked().await;
    assert_eq!(begun.elapsed(), USUAL);
    help.say("yes");
    sleep(Duration::from_millis(1)).await;
    slow.say("yes");
    assert_eq!(rest(answers).await, ["b starts", "b: 1 items", "a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn once_the_slow_one_has_answered_the_other_is_not_waited_for() {
    let mut world = used(&[0.9, 0.8], 20).await;
    let answers = ask(&world, for_one()).await;
    let slow = world.scripts[0].asked().await;
    let mut help = world.scripts[1].asked().await;
    slow.say("yes");
    assert_eq!(rest(answers).await, ["a: 1 items", "complete"]);
    help.given_up().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_the_usual_time_asks_nobody_else() {
    let mut world = used(&[0.9, 0.8], 40).await;
    assert!(world.scripts[1].already_asked().is_none());
}

#[tokio::test(start_paused = true)]
async fn of_a_skill_that_is_hardly_known_nobody_can_say_that_it_is_slow() {
    let mut world = used(&[0.9, 0.8], 19).await;
    assert_eq!(rest(ask(&world, for_one()).await).await, ["late", "a: timed_out", "deadline"]);
    assert!(world.scripts[1].already_asked().is_none());
}

#[tokio::test(start_paused = true)]
async fn one_of_twenty_questions_gets_help() {
    let mut world = used(&[0.9, 0.8], 20).await;
    for helped in [true, false, false] {
        let answers = ask(&world, for_one()).await;
        let asked = timeout(Duration::from_secs(1), world.scripts[1].asked()).await;
        assert_eq!(asked.is_ok(), helped);
        drop(answers);
        sleep(Duration::from_secs(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn help_that_fails_is_not_spoken_of() {
    let mut world = used(&[0.9, 0.8], 20).await;
    let answers = ask(&world, for_one()).await;
    let slow = world.scripts[0].asked().await;
    world.scripts[1].asked().await.answer(Err(SkillFailure::Status(500)));
    sleep(Duration::from_millis(1)).await;
    slow.say("yes");
    assert_eq!(rest(answers).await, ["a: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_fit_or_was_not_named_does_not_help() {
    let mut world = used(&[0.9, 0.01], 20).await;
    assert_eq!(rest(ask(&world, for_one()).await).await, ["late", "a: timed_out", "deadline"]);
    assert!(world.scripts[1].already_asked().is_none());

    let mut world = used(&[0.9, 0.8], 20).await;
    let of_one = Question { selection: named(&["a"]), ..for_one() };
    assert_eq!(rest(ask(&world, of_one).await).await, ["late", "a: timed_out", "deadline"]);
    assert!(world.scripts[1].already_asked().is_none());
}
