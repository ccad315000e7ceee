use crate::world::{World, anybody, named, question, told};
use jiff::SignedDuration;
use square_kernel::testing::ManualClock;
use square_kernel::{Asker, SkillId, Whereabouts};
use square_limits::{Charge, LimitKey, Meter, Quota, TooMany};
use square_routing::{AskError, AskerLimits, Exclusion, FairUse, MaxSkills, Question};
use square_skills::ResultItem;
use square_skills::protection::Throttle;
use square_skills::testing::ScriptedSkill;
use std::net::IpAddr;
use std::sync::Arc;

/// Somebody without an account.
fn from(address: &str) -> Asker {
    anybody().at(Whereabouts::from(address.parse::<IpAddr>().unwrap()))
}

/// Two questions at once and one more each second, for everybody alike.
fn rated() -> FairUse {
    let limits = AskerLimits { rate: Quota::per_minute(60, 2), ..AskerLimits::UNLIMITED };
    FairUse { signed_in: limits.clone(), anonymous: limits, ..FairUse::UNLIMITED }
}

fn at_once(at_once: u32) -> FairUse {
    let anonymous = AskerLimits { at_once: Some(at_once), ..AskerLimits::UNLIMITED };
    FairUse { anonymous, ..FairUse::UNLIMITED }
}

async fn refused(world: &World, asker: &Asker) -> Option<SignedDuration> {
    match world.router.ask(asker, question()).await {
        Ok(_) => None,
        Err(AskError::TooMany(TooMany { retry_after })) => Some(retry_after),
        Err(error) => unreachable!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_account_and_each_place_may_ask_so_often() {
    let world = World::new(&[0.9]).fair(rated());
    let second = Some(SignedDuration::from_secs(1));
    for asker in [from("192.0.2.1"), from("2001:db8::1"), world.signed_in(), anybody()] {
        assert_eq!((refused(&world, &asker).await, refused(&world, &asker).await), (None, None));
        assert_eq!(refused(&world, &asker).await, second);
    }
    // The same 64 bits, and the same account at another place.
    assert_eq!(refused(&world, &from("2001:db8::abcd:1")).await, second);
    let elsewhere = world.signed_in().at(Whereabouts::from("203.0.113.1".parse::<IpAddr>().unwrap()));
    assert_eq!(refused(&world, &elsewhere).await, second);
    assert_eq!(refused(&world, &from("2001:db8:0:1::1")).await, None);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        (refused(&world, &from("192.0.2.1")).await, refused(&world, &from("192.0.2.1")).await),
        (None, second)
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_counts_as_a_question() {
    let world = World::new(&[0.9]).fair(rated());
    let asker = from("192.0.2.1");
    for _ in 0..2 {
        assert!(world.router.route(&asker, &question()).await.is_ok());
    }
    assert!(matches!(world.router.route(&asker, &question()).await, Err(AskError::TooMany(_))));
    assert!(refused(&world, &asker).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_questions_at_once_exactly_as_many_are_taken_as_may_be() {
    let limits = AskerLimits { rate: Quota::per_minute(60, 7), ..AskerLimits::UNLIMITED };
    let rated = FairUse { anonymous: limits, ..FairUse::UNLIMITED };
    for fair_use in [rated, at_once(7)] {
        let world = World::new(&[0.9]).fair(fair_use);
        let barrier = Arc::new(tokio::sync::Barrier::new(64));
        let asked = (0..64).map(|_| {
            let (router, barrier) = (world.router.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                // None of them is answered: what was taken is under way until the end.
                router.ask(&from("192.0.2.1"), question()).await.ok()
            })
        });
        let mut taken = Vec::new();
        for asked in asked.collect::<Vec<_>>() {
            taken.extend(asked.await.unwrap());
        }
        assert_eq!(taken.len(), 7);
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_may_be_under_way_and_each_that_ends_makes_room() {
    let mut world = World::new(&[0.9]).fair(at_once(2));
    let asker = from("192.0.2.1");
    let first = world.router.ask(&asker, question()).await.unwrap();
    let _second = world.router.ask(&asker, question()).await.unwrap();
    assert!(matches!(world.router.ask(&asker, question()).await, Err(AskError::TooManyAtOnce(2))));
    assert!(world.router.ask(&from("192.0.2.2"), question()).await.is_ok(), "others have room of their own");
    assert!(world.router.route(&asker, &question()).await.is_ok(), "a dry run is over at once");
    world.scripts[0].asked().await.say("yes");
    assert_eq!(first.answers.all().await.unwrap().entries.len(), 2);
    let third = world.router.ask(&asker, question()).await.unwrap();
    assert!(matches!(world.router.ask(&asker, question()).await, Err(AskError::TooManyAtOnce(2))));
    drop(third);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_asks_one_after_the_other_is_never_too_many() {
    let yes = || ScriptedSkill::always(Ok(vec![ResultItem::text("yes")]));
    let world = World::connected(&[0.9], |_, _| {}, |connector| connector.put("builtin:a", yes()));
    let world = world.fair(at_once(1));
    for _ in 0..200 {
        let asked = world.router.ask(&from("192.0.2.1"), question()).await.unwrap();
        asked.answers.all().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_signed_in_may_be_let_ask_nothing_or_fewer_skills() {
    let closed = FairUse { account_required: true, ..FairUse::UNLIMITED };
    let world = World::new(&[0.9]).fair(closed);
    assert!(matches!(world.router.ask(&anybody(), question()).await, Err(AskError::SignInRequired)));
    assert!(matches!(world.router.route(&anybody(), &question()).await, Err(AskError::SignInRequired)));
    assert!(world.router.ask(&world.signed_in(), question()).await.is_ok());

    let anonymous = AskerLimits { max_skills: 2, ..AskerLimits::UNLIMITED };
    let world = World::new(&[0.9, 0.8, 0.7]).fair(FairUse { anonymous, ..FairUse::UNLIMITED });
    let chosen = async |asker: &Asker, question: &Question| {
        let choice = world.router.route(asker, question).await.unwrap();
        let asked = world.router.ask(asker, question.clone()).await.unwrap();
        assert_eq!(asked.record.choice.chosen, choice.chosen);
        choice.chosen.len()
    };
    let three = Question { selection: named(&["a", "b", "c"]), ..question() };
    assert_eq!((chosen(&anybody(), &question()).await, chosen(&anybody(), &three).await), (2, 2));
    assert_eq!(chosen(&world.signed_in(), &three).await, 3);
    let one = Question { max_skills: MaxSkills::parse("max", 1).unwrap(), ..question() };
    assert_eq!(chosen(&anybody(), &one).await, 1);
}

/// Skills a, b and c, of which a may be asked so often.
fn throttled(burst: u32) -> (World, Arc<ManualClock>) {
    throttled_of(&[0.9, 0.8, 0.7], burst, &["a"])
}

/// Skills of which these have one budget.
fn throttled_of(scores: &[f32], burst: u32, limited: &[&str]) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let meter = Arc::new(Meter::new(clock.clone()));
    let quota = Quota { burst, refill: SignedDuration::from_secs(10) };
    let charge = Charge { key: LimitKey([1; 32]), quota };
    let yes = || ScriptedSkill::always(Ok(vec![ResultItem::text("yes")]));
    let world = World::connected(
        scores,
        |_, _| {},
        |connector| {
            for name in &["a", "b", "c"][..scores.len()] {
                let own = limited.contains(name).then_some(charge);
                let skill = Throttle::new(yes(), Arc::clone(&meter), own, None);
                connector.put(&format!("builtin:{name}"), Arc::new(skill));
            }
        },
    );
    (world, clock)
}

fn for_two() -> Question {
    Question { max_skills: MaxSkills::parse("max", 2).unwrap(), ..question() }
}

#[tokio::test(start_paused = true)]
async fn in_the_place_of_a_skill_that_was_asked_as_often_as_it_may_be_the_next_best_is_asked() {
    let (world, clock) = throttled(1);
    let asked = async || {
        let answers = world.router.ask(&anybody(), for_two()).await.unwrap().answers;
        let entries = answers.all().await.unwrap().entries;
        let mut told: Vec<_> = entries.iter().map(|entry| told(&entry.event)).collect();
        told.sort_unstable();
        told
    };
    assert_eq!(asked().await, ["a: 1 items", "b: 1 items", "complete"]);
    assert_eq!(asked().await, ["b: 1 items", "c: 1 items", "complete"]);
    let choice = world.router.route(&anybody(), &for_two()).await.unwrap();
    let left_out: Vec<_> = choice
        .left_out
        .iter()
        .map(|left_out| (left_out.name.as_str(), left_out.score, left_out.reason))
        .collect();
    assert_eq!(left_out, [("a", Some(0.9), Exclusion::RateLimited)]);
    let all: Vec<SkillId> = choice.chosen.iter().map(|chosen| chosen.skill).collect();
    assert_eq!(all, [world.skills[1].id, world.skills[2].id]);
    // One that was named is asked and says so itself.
    let of_a = Question { selection: named(&["a"]), ..question() };
    let answers = world.router.ask(&anybody(), of_a).await.unwrap().answers.all().await.unwrap();
    assert_eq!(told(&answers.entries[0].event), "a: rate_limited");
    clock.advance(SignedDuration::from_secs(10));
    assert_eq!(asked().await, ["a: 1 items", "b: 1 items", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn where_all_that_fit_were_asked_as_often_as_they_may_be_the_best_of_them_is_the_nearest() {
    let (world, clock) = throttled_of(&[0.9, 0.8, 0.1], 1, &["a", "b"]);
    let choice = async || world.router.route(&anybody(), &question()).await.unwrap();
    let before = choice().await;
    assert_eq!((before.nearest.as_ref(), before.fits_later()), (None, None));
    let one = Question { max_skills: MaxSkills::parse("max", 1).unwrap(), ..question() };
    world.router.ask(&anybody(), one).await.unwrap().answers.all().await.unwrap();
    let spent = choice().await;
    assert!(spent.chosen.is_empty());
    assert_eq!(spent.fits_later().map(|skill| skill.name.as_str()), Some("a"));
    assert_eq!(spent.nearest.as_ref(), spent.fits_later());
    clock.advance(SignedDuration::from_secs(10));
    assert_eq!(choice().await.chosen.len(), 2);
    let nothing = World::new(&[0.1]).router.route(&anybody(), &question()).await.unwrap();
    assert!(nothing.nearest.is_some() && nothing.fits_later().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_would_not_be_asked_anyhow_is_not_left_out_for_having_been_asked_too_often() {
    // Half of the best score is wanted, which c does not reach.
    let (world, _) = throttled_of(&[0.9, 0.8, 0.35], 1, &["a", "c"]);
    let asked = world.router.ask(&anybody(), Question { selection: named(&["a"]), ..question() }).await;
    asked.unwrap().answers.all().await.unwrap();
    let choice = world.router.route(&anybody(), &question()).await.unwrap();
    let chosen: Vec<_> = choice.chosen.iter().map(|chosen| chosen.name.as_str()).collect();
    assert_eq!(chosen, ["b"]);
    let left_out: Vec<_> =
        choice.left_out.iter().map(|left_out| (left_out.name.as_str(), left_out.reason)).collect();
    assert_eq!(left_out, [("a", Exclusion::RateLimited), ("c", Exclusion::Score)]);
}
