use crate::support::{Heard, InParts, good, request};
use async_trait::async_trait;
use jiff::SignedDuration;
use square_kernel::Clock;
use square_kernel::testing::ManualClock;
use square_skills::protection::{Breaker, BreakerPolicy};
use square_skills::testing::ScriptedSkill;
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

type Answer = Result<Vec<ResultItem>, SkillFailure>;

/// A skill whose answers and pings a test sets, and which counts how often it was asked.
struct Fickle {
    answer: Mutex<Option<Answer>>,
    ping: Mutex<Option<Result<(), SkillFailure>>>,
    asked: AtomicUsize,
    pinged: AtomicUsize,
}

#[async_trait]
impl Skill for Fickle {
    async fn answer(&self, _request: &SkillRequest) -> Answer {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        self.pinged.fetch_add(1, Ordering::SeqCst);
        let ping = self.ping.lock().unwrap().clone();
        match ping {
            Some(ping) => ping,
            None => std::future::pending().await,
        }
    }
}

struct World {
    skill: Arc<Fickle>,
    breaker: Breaker,
    clock: Arc<ManualClock>,
    changes: Arc<AtomicU64>,
}

impl World {
    /// A skill that cannot be reached.
    fn dead() -> Self {
        let skill = Arc::new(Fickle {
            answer: Mutex::new(Some(Err(SkillFailure::Unreachable))),
            ping: Mutex::new(Some(Err(SkillFailure::Unreachable))),
            asked: AtomicUsize::new(0),
            pinged: AtomicUsize::new(0),
        });
        let (clock, changes) = (Arc::new(ManualClock::default()), Arc::new(AtomicU64::new(0)));
        let breaker =
            Breaker::new(skill.clone(), BreakerPolicy::default(), clock.clone(), Arc::clone(&changes));
        Self { skill, breaker, clock, changes }
    }

    fn answers(&self, answer: Option<Answer>) {
        *self.skill.answer.lock().unwrap() = answer;
    }

    fn pings(&self, ping: Option<Result<(), SkillFailure>>) {
        *self.skill.ping.lock().unwrap() = ping;
    }

    async fn ask(&self) -> Answer {
        self.breaker.answer(&request()).await
    }

    fn asked(&self) -> usize {
        self.skill.asked.load(Ordering::SeqCst)
    }

    /// Asks until the breaker is open.
    async fn opened(self) -> Self {
        for _ in 0..3 {
            assert_eq!(self.ask().await, Err(SkillFailure::Unreachable));
        }
        assert!(self.breaker.outage().is_some());
        self
    }
}

#[tokio::test(start_paused = true)]
async fn three_failures_in_a_row_open_it_and_from_then_on_questions_cost_nothing() {
    let world = World::dead().opened().await;
    let begun = Instant::now();
    let reason = "it failed 3 times in a row, at last: the skill could not be reached";
    let wanted = SkillFailure::BreakerOpen { reason: reason.into(), retry_in: Some(Duration::from_secs(5)) };
    for _ in 0..100 {
        assert_eq!(world.ask().await, Err(wanted.clone()));
    }
    assert_eq!((world.asked(), begun.elapsed()), (3, Duration::ZERO));
    let outage = world.breaker.outage().unwrap();
    assert_eq!(&*outage.reason, reason);
    assert_eq!(outage.next_probe, Some(world.clock.now() + SignedDuration::from_secs(5)));
    assert_eq!(world.changes.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_between_starts_the_count_anew() {
    let world = World::dead();
    for _ in 0..4 {
        world.answers(Some(Err(SkillFailure::Unreachable)));
        world.ask().await.unwrap_err();
        world.ask().await.unwrap_err();
        world.answers(Some(good()));
        for _ in 0..4 {
            world.ask().await.unwrap();
        }
    }
    assert_eq!(world.breaker.outage(), None);
}

#[tokio::test(start_paused = true)]
async fn half_of_the_last_questions_open_it_too() {
    let world = World::dead();
    for number in 0..10 {
        assert_eq!(world.breaker.outage(), None, "{number}");
        world.answers(Some(if number % 2 == 0 { good() } else { Err(SkillFailure::Status(500)) }));
        let _either = world.ask().await;
    }
    let reason = world.breaker.outage().unwrap().reason;
    assert_eq!(
        &*reason,
        "it failed 5 of the last 10 times, at last: the skill answered with HTTP status 500"
    );
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_is_back_is_asked_again_after_the_next_ping() {
    let world = World::dead().opened().await;
    world.pings(Some(Ok(())));
    world.answers(Some(good()));
    sleep(Duration::from_millis(4999)).await;
    assert!(world.ask().await.is_err());
    sleep(Duration::from_millis(2)).await;
    assert_eq!(world.breaker.outage().unwrap().next_probe, None);
    assert_eq!(world.ask().await, good());
    assert_eq!(world.breaker.outage(), None);
    assert_eq!(world.ask().await, good());
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_up_to_the_longest_and_never_further() {
    let world = World::dead().opened().await;
    let pinged = || world.skill.pinged.load(Ordering::SeqCst);
    for (count, pause) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300)] {
        sleep(Duration::from_millis(pause * 1000 - 1)).await;
        assert_eq!(pinged(), count - 1, "before {pause} s");
        sleep(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
        assert_eq!(pinged(), count, "after {pause} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_skill_without_a_working_ping_is_tried_after_the_longest_pause() {
    let world = World::dead().opened().await;
    world.pings(None);
    world.answers(Some(good()));
    sleep(Duration::from_secs(5 + 10 + 20 + 40 + 80 + 160 + 300 + 7 * 5 + 1)).await;
    assert_eq!(world.ask().await, good());
    assert_eq!(world.breaker.outage(), None);
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_is_refused_by_somebody_tells_that_somebody_is_there() {
    let world = World::dead().opened().await;
    world.pings(Some(Err(SkillFailure::Status(404))));
    world.answers(Some(good()));
    sleep(Duration::from_secs(6)).await;
    assert_eq!(world.ask().await, good());
}

#[tokio::test(start_paused = true)]
async fn a_regular_ping_that_is_answered_ends_the_pause() {
    let world = World::dead().opened().await;
    assert!(world.breaker.ping().await.is_err());
    assert!(world.breaker.outage().unwrap().next_probe.is_some());
    world.pings(Some(Ok(())));
    world.answers(Some(good()));
    world.breaker.ping().await.unwrap();
    assert_eq!(world.ask().await, good());
}

#[tokio::test(start_paused = true)]
async fn of_many_questions_after_the_pause_one_is_the_trial() {
    let (skill, mut script) = ScriptedSkill::new();
    let clock = Arc::new(ManualClock::default());
    let policy = BreakerPolicy { failures_in_row: 1, ..BreakerPolicy::default() };
    let breaker = Arc::new(Breaker::new(skill, policy, clock, Arc::default()));
    let ask = || {
        let breaker = Arc::clone(&breaker);
        tokio::spawn(async move { breaker.answer(&request()).await })
    };
    let first = ask();
    script.asked().await.answer(Err(SkillFailure::Status(503)));
    first.await.unwrap().unwrap_err();
    sleep(Duration::from_secs(6)).await;

    let trial = ask();
    let asked = script.asked().await;
    for _ in 0..10 {
        let Err(SkillFailure::BreakerOpen { retry_in, .. }) = ask().await.unwrap() else { panic!("asked") };
        assert_eq!(retry_in, None);
    }
    asked.answer(Err(SkillFailure::Status(503)));
    trial.await.unwrap().unwrap_err();
    let outage = breaker.outage().unwrap();
    assert!(outage.reason.starts_with("it failed when it was tried again"), "{outage:?}");
    // Twice as long as before.
    sleep(Duration::from_secs(9)).await;
    assert!(matches!(ask().await.unwrap(), Err(SkillFailure::BreakerOpen { retry_in: Some(_), .. })));
    sleep(Duration::from_secs(2)).await;
    let trial = ask();
    script.asked().await.answer(good());
    assert_eq!(trial.await.unwrap(), good());
    assert_eq!(breaker.outage(), None);
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_hangs_until_the_question_is_given_up_has_failed() {
    let world = World::dead();
    world.answers(None);
    for _ in 0..3 {
        assert!(timeout(Duration::from_secs(10), world.ask()).await.is_err());
    }
    let begun = Instant::now();
    assert!(matches!(world.ask().await, Err(SkillFailure::BreakerOpen { .. })));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_asker_without_patience_says_nothing_about_the_skill() {
    let world = World::dead();
    world.answers(None);
    for _ in 0..50 {
        assert!(timeout(Duration::from_millis(1), world.ask()).await.is_err());
    }
    assert_eq!(world.breaker.outage(), None);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_given_up_early_leaves_its_place_to_the_next_question() {
    let world = World::dead().opened().await;
    world.pings(Some(Ok(())));
    sleep(Duration::from_secs(6)).await;
    world.answers(None);
    assert!(timeout(Duration::from_millis(1), world.ask()).await.is_err());
    world.answers(Some(good()));
    assert_eq!(world.ask().await, good());
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_question_and_of_this_server_do_not_count() {
    let world = World::dead();
    for failure in [
        SkillFailure::Status(400),
        SkillFailure::Status(422),
        SkillFailure::Busy(1),
        SkillFailure::Internal,
        SkillFailure::AddressNotAllowed,
    ] {
        world.answers(Some(Err(failure.clone())));
        for _ in 0..30 {
            assert_eq!(world.ask().await, Err(failure.clone()));
        }
    }
    assert_eq!(world.breaker.outage(), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_it_opened_changes_nothing_afterwards() {
    let (skill, mut script) = ScriptedSkill::new();
    let policy = BreakerPolicy { failures_in_row: 1, ..BreakerPolicy::default() };
    let breaker = Arc::new(Breaker::new(skill, policy, Arc::new(ManualClock::default()), Arc::default()));
    let ask = || {
        let breaker = Arc::clone(&breaker);
        tokio::spawn(async move { breaker.answer(&request()).await })
    };
    let (slow, failing) = (ask(), ask());
    let (waits, fails) = (script.asked().await, script.asked().await);
    fails.answer(Err(SkillFailure::Unreachable));
    failing.await.unwrap().unwrap_err();
    let outage = breaker.outage();
    waits.answer(good());
    assert_eq!(slow.await.unwrap(), good());
    assert_eq!(breaker.outage(), outage);
}

#[tokio::test]
async fn parts_are_handed_on() {
    let (heard, clock) = (Heard::default(), Arc::new(ManualClock::default()));
    let breaker = Breaker::new(Arc::new(InParts), BreakerPolicy::default(), clock, Arc::default());
    assert_eq!(breaker.answer_in_parts(&request(), &heard).await, good());
    assert_eq!(heard.pieces(), ["Al ", "Pacino"]);
}
