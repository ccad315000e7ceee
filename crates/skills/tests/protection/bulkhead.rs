use crate::support::{Heard, InParts, good, request};
use square_skills::protection::Bulkhead;
use square_skills::testing::ScriptedSkill;
use square_skills::{Skill, SkillFailure};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn one_question_more_than_the_limit_is_refused_until_a_place_is_free() {
    let (skill, mut script) = ScriptedSkill::new();
    let bulkhead = Arc::new(Bulkhead::new(skill, 2));
    let ask = || {
        let bulkhead = Arc::clone(&bulkhead);
        tokio::spawn(async move { bulkhead.answer(&request()).await })
    };
    let (first, second) = (ask(), ask());
    let (waiting, _other) = (script.asked().await, script.asked().await);
    assert_eq!(bulkhead.answer(&request()).await, Err(SkillFailure::Busy(2)));
    assert!(script.already_asked().is_none());

    waiting.answer(good());
    assert_eq!(first.await.unwrap(), good());
    let third = ask();
    script.asked().await.answer(good());
    assert_eq!(third.await.unwrap(), good());
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_given_up_leaves_its_place() {
    let (skill, _script) = ScriptedSkill::new();
    let bulkhead = Bulkhead::new(skill, 1);
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_secs(1), bulkhead.answer(&request())).await;
        assert!(given_up.is_err());
    }
}

#[tokio::test]
async fn parts_and_pings_are_handed_on() {
    let heard = Heard::default();
    let bulkhead = Bulkhead::new(Arc::new(InParts), 1);
    assert_eq!(bulkhead.answer_in_parts(&request(), &heard).await, good());
    assert_eq!(heard.pieces(), ["Al ", "Pacino"]);
    let down = ScriptedSkill::always(good());
    down.set_ping(Some(Err(SkillFailure::Status(500))));
    assert_eq!(Bulkhead::new(down, 1).ping().await, Err(SkillFailure::Status(500)));
}
