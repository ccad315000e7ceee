use crate::support::{Heard, InParts, good, request};
use jiff::SignedDuration;
use square_kernel::testing::ManualClock;
use square_limits::{Charge, LimitKey, Meter, Quota};
use square_skills::protection::{Breaker, BreakerPolicy, Bulkhead, Throttle};
use square_skills::testing::ScriptedSkill;
use square_skills::{Skill, SkillFailure};
use std::sync::Arc;
use std::time::Duration;

/// Two questions at once, one more each ten seconds.
const CHARGE: Charge =
    Charge { key: LimitKey([1; 32]), quota: Quota { burst: 2, refill: SignedDuration::from_secs(10) } };

struct World {
    clock: Arc<ManualClock>,
    meter: Arc<Meter>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        Self { meter: Arc::new(Meter::new(clock.clone())), clock }
    }

    /// As it stands in the assembly.
    fn protect(&self, skill: Arc<dyn Skill>) -> Breaker {
        let throttle = Arc::new(Throttle::new(skill, Arc::clone(&self.meter), Some(CHARGE), None));
        let bulkhead = Arc::new(Bulkhead::new(throttle, 10));
        Breaker::new(bulkhead, BreakerPolicy::default(), self.clock.clone(), Arc::default())
    }
}

fn refused(seconds: u64) -> SkillFailure {
    SkillFailure::RateLimited { retry_in: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn a_skill_is_asked_as_often_as_it_may_be_and_being_refused_is_not_its_fault() {
    let world = World::new();
    let skill = world.protect(ScriptedSkill::always(good()));
    for _ in 0..2 {
        assert!(!skill.is_exhausted());
        assert_eq!(skill.answer(&request()).await, good());
    }
    for _ in 0..20 {
        assert!(skill.is_exhausted());
        assert_eq!(skill.answer(&request()).await, Err(refused(10)));
    }
    assert_eq!(skill.outage(), None);
    world.clock.advance(SignedDuration::from_secs(10));
    assert!(!skill.is_exhausted());
    assert_eq!(skill.answer(&request()).await, good());
    // Connected anew, as when its owner edits it, it has no more.
    let anew = world.protect(ScriptedSkill::always(good()));
    assert_eq!(anew.answer(&request()).await, Err(refused(10)));
    let said = refused(10).to_string();
    assert_eq!(said, "the skill was asked as often as it may be; it may be asked again in 10 s");
    assert_eq!(refused(10).code(), "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_exactly_as_many_reach_the_skill_as_may() {
    let world = World::new();
    let skill = ScriptedSkill::always(good());
    let throttle = Arc::new(Throttle::new(skill, Arc::clone(&world.meter), Some(CHARGE), None));
    let asked = (0..64).map(|_| {
        let throttle = Arc::clone(&throttle);
        tokio::spawn(async move { throttle.answer(&request()).await.is_ok() })
    });
    let mut answered = 0;
    for asked in asked.collect::<Vec<_>>() {
        answered += u32::from(asked.await.unwrap());
    }
    assert_eq!(answered, CHARGE.quota.burst);
}

#[tokio::test]
async fn parts_and_pings_are_handed_on_and_a_ping_is_no_question() {
    let (world, heard) = (World::new(), Heard::default());
    let throttle = Throttle::new(Arc::new(InParts), Arc::clone(&world.meter), Some(CHARGE), None);
    for _ in 0..5 {
        assert_eq!(throttle.ping().await, Ok(()));
    }
    assert_eq!(throttle.answer_in_parts(&request(), &heard).await, good());
    assert_eq!(heard.pieces(), ["Al ", "Pacino"]);
}

#[tokio::test]
async fn a_host_is_called_so_often_under_however_many_names_and_pings_count() {
    let world = World::new();
    let host = Charge { key: LimitKey([9; 32]), quota: Quota { burst: 3, ..CHARGE.quota } };
    let [films, songs] = [1, 2].map(|key| {
        let own = Charge { key: LimitKey([key; 32]), ..CHARGE };
        let skill = ScriptedSkill::always(good());
        Throttle::new(skill, Arc::clone(&world.meter), Some(own), Some(host))
    });
    for _ in 0..2 {
        assert_eq!(films.answer(&request()).await, good());
    }
    assert_eq!(films.answer(&request()).await, Err(refused(10)), "its own budget is spent");
    assert_eq!(songs.ping().await, Ok(()));
    assert!(songs.is_exhausted());
    assert_eq!(songs.answer(&request()).await, Err(refused(10)));
    assert_eq!(songs.ping().await, Err(refused(10)));
    world.clock.advance(SignedDuration::from_secs(10));
    // Who was refused by the host has not spent its own.
    assert_eq!(songs.answer(&request()).await, good());
    world.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(songs.answer(&request()).await, good());
    assert_eq!(films.answer(&request()).await, Err(refused(10)));
}
