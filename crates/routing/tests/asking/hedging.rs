use crate::world::{World, anybody, named, question, told};
use async_trait::async_trait;
use square_routing::{AnswerStream, MaxSkills, Question};
use square_skills::{DeltaSink, ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// Says its word every twenty milliseconds, as often as the test wants.
struct Says(&'static str, Arc<AtomicUsize>);

#[async_trait]
impl Skill for Says {
    async fn answer(&self, _: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        unreachable!("it is listened to")
    }

    async fn answer_in_parts(
        &self,
        _: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let words = self.1.load(Ordering::SeqCst);
        for _ in 0..words {
            sleep(Duration::from_millis(20)).await;
            deltas.grown(self.0);
        }
        Ok(vec![ResultItem::text(self.0.repeat(words))])
    }
}

/// Skills that stream, of which the first has usually said what it has to say after 60 ms; and how much each says.
async fn streaming() -> (World, [Arc<AtomicUsize>; 2]) {
    let words = [3, 2].map(|words| Arc::new(AtomicUsize::new(words)));
    let world = World::connected(
        &[0.9, 0.8],
        |_, _| {},
        |connector| {
            connector.put("builtin:a", Arc::new(Says("la ", words[0].clone())));
            connector.put("builtin:b", Arc::new(Says("na ", words[1].clone())));
        },
    );
    for _ in 0..20 {
        let told = rest(ask(&world, for_one()).await).await;
        assert!(told.iter().all(|told| !told.contains('b')), "{told:?}");
    }
    (world, words)
}

#[tokio::test(start_paused = true)]
async fn help_for_a_skill_that_streams_is_told_whole_among_the_pieces_of_the_slow_one() {
    let (world, [slow, _]) = streaming().await;
    slow.store(10, Ordering::SeqCst);
    let told = rest(ask(&world, for_one()).await).await;
    let (pieces, rest): (Vec<_>, Vec<_>) = told.iter().partition(|told| told.starts_with('…'));
    assert_eq!(rest, ["b starts", "b: 1 items", "a: 1 items", "complete"]);
    let said: String = pieces.iter().map(|piece| piece.trim_start_matches('…')).collect();
    assert!("la ".repeat(10).starts_with(&said) && said.len() >= 3 * 7, "{told:?}");
    // It came while the slow one was still talking.
    let place = |of: &str| told.iter().position(|told| told == of).unwrap();
    let last_piece = told.iter().rposition(|told| told.starts_with('…')).unwrap();
    assert!(place("b: 1 items") < last_piece && last_piece < place("a: 1 items"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn help_that_is_still_talking_when_the_slow_one_has_ended_is_not_spoken_of() {
    let (world, [slow, help]) = streaming().await;
    slow.store(4, Ordering::SeqCst);
    help.store(100, Ordering::SeqCst);
    let told = rest(ask(&world, for_one()).await).await;
    assert_eq!(told.last().unwrap(), "complete");
    assert!(told.iter().all(|told| !told.contains('b') && !told.contains("na ")), "{told:?}");
}
