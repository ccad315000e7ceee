//! Two processes on one store: what one does, the other takes over.

use crate::world::{World, examples, fields};
use square_skills::testing::MemoryLearner;
use square_skills::{OwnerError, SkillName, SkillPatch, TrainingReports, TrainingState};

/// A process, and another one on the same store.
fn two() -> (World, World) {
    let one = World::new();
    let other = one.beside(MemoryLearner::new("Square"));
    (one, other)
}

#[tokio::test]
async fn what_one_publishes_the_other_lists_and_learns() {
    let (one, other) = two();
    let id = one.published("Films").await;
    other.skills.catch_up(id).await.unwrap();
    assert!(other.listed(id).skill.published);
    assert_eq!(other.known(id), None, "learning waits for the one who settles");
    other.skills.settle().await.unwrap();
    assert_eq!(other.known(id), one.known(id));
}

#[tokio::test]
async fn what_one_unpublishes_or_removes_the_other_forgets() {
    let (one, other) = two();
    let (first, second) = (one.published("Films").await, one.published("Songs").await);
    for id in [first, second] {
        other.skills.catch_up(id).await.unwrap();
    }
    other.skills.settle().await.unwrap();
    one.skills.unpublish(&one.owner, first).await.unwrap();
    one.skills.remove(&one.owner, second).await.unwrap();
    for id in [first, second] {
        other.skills.catch_up(id).await.unwrap();
    }
    assert!(!other.listed(first).skill.published);
    assert!(other.directory.snapshot().by_id(second).is_none());
    other.skills.settle().await.unwrap();
    assert_eq!((other.known(first), other.known(second)), (None, None));
}

#[tokio::test]
async fn what_is_known_already_is_not_learnt_again() {
    let (one, _) = two();
    let id = one.published("Films").await;
    let (before, known) = (one.directory.snapshot().revision(), one.learners[0].known());
    one.learners[0].fail(Some("must not learn"));
    one.skills.catch_up(id).await.unwrap();
    one.skills.settle().await.unwrap();
    assert_eq!(one.directory.snapshot().revision(), before);
    assert_eq!(one.learners[0].known(), known);
}

#[tokio::test]
async fn a_training_that_another_process_works_off_ends_for_those_who_watch_here() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    one.skills.train(&one.owner, id, examples("a")).await.unwrap();
    let progress = one.skills.watch_training(id).unwrap();
    other.skills.train_next().await.unwrap().unwrap();
    assert_eq!(progress.borrow().state, TrainingState::Running);
    one.skills.catch_up(id).await.unwrap();
    assert!(matches!(progress.borrow().state, TrainingState::Published { .. }));
    assert!(one.listed(id).skill.published);
}

/// What the watcher of a training is told last.
async fn last(reports: &mut TrainingReports) -> TrainingState {
    let mut last = TrainingState::Running;
    while let Some(report) = reports.next().await {
        last = report.state;
    }
    last
}

#[tokio::test]
async fn a_training_whose_place_another_process_takes_ends_for_those_who_watch_here() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    let first = one.skills.train(&one.owner, id, examples("a")).await.unwrap();
    let mut watching = one.skills.follow_training(&first);
    assert_eq!(watching.next().await.unwrap().state, TrainingState::Running);
    let second = other.skills.train(&one.owner, id, examples("b")).await.unwrap();
    one.skills.catch_up(id).await.unwrap();
    let reason = "a newer training took its place".to_owned();
    assert_eq!(last(&mut watching).await, TrainingState::Failed { reason });
    // The one that took its place is told of here as well, to its end.
    let mut watching = one.skills.follow_training(&second);
    assert_eq!(watching.next().await.unwrap().state, TrainingState::Running);
    other.skills.train_next().await.unwrap().unwrap();
    one.skills.catch_up(id).await.unwrap();
    assert!(matches!(last(&mut watching).await, TrainingState::Published { .. }));
}

#[tokio::test]
async fn a_training_ends_for_those_who_watch_here_when_another_process_unpublishes_the_skill() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    let training = one.skills.train(&one.owner, id, examples("a")).await.unwrap();
    let mut watching = one.skills.follow_training(&training);
    other.skills.unpublish(&one.owner, id).await.unwrap();
    one.skills.catch_up(id).await.unwrap();
    let reason = "the skill was unpublished".to_owned();
    assert_eq!(last(&mut watching).await, TrainingState::Failed { reason });
}

#[tokio::test]
async fn patches_in_two_processes_are_both_kept() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    other.skills.catch_up(id).await.unwrap();
    let name = SkillPatch { name: Some(SkillName::parse("Movies").unwrap()), ..SkillPatch::default() };
    let description = SkillPatch { description: Some(fields("x").description), ..SkillPatch::default() };
    one.skills.patch(&one.owner, id, name).await.unwrap();
    // Has not heard of the new name yet.
    let shown = other.skills.patch(&one.owner, id, description).await.unwrap();
    assert_eq!(shown.skill.name.as_str(), "Movies");
    assert!(shown.skill.updated_at > one.listed(id).skill.updated_at);
}

#[tokio::test]
async fn what_one_publishes_the_other_learns_also_when_a_patch_there_comes_first() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    other.skills.catch_up(id).await.unwrap();
    one.skills.train(&one.owner, id, examples("a")).await.unwrap();
    one.skills.train_next().await.unwrap().unwrap();
    let patch = SkillPatch { description: Some(fields("x").description), ..SkillPatch::default() };
    assert!(other.skills.patch(&one.owner, id, patch).await.unwrap().skill.published);
    other.skills.catch_up(id).await.unwrap();
    other.skills.settle().await.unwrap();
    assert_eq!(other.known(id), one.known(id));
    assert!(one.known(id).is_some());
}

#[tokio::test]
async fn an_owner_need_not_wait_until_a_new_skill_is_known_here() {
    let (one, other) = two();
    let id = one.registered("Films").await;
    other.skills.train(&one.owner, id, examples("a")).await.unwrap();
    let somebody = other.skills.train(&one.other, id, examples("a")).await;
    assert!(matches!(somebody, Err(OwnerError::NotFound)));
}

#[tokio::test]
async fn a_store_that_fails_leaves_the_rest_to_the_next_settling() {
    let (one, other) = two();
    let id = one.published("Films").await;
    other.skills.catch_up(id).await.unwrap();
    other.store.set_broken(true);
    assert!(other.skills.settle().await.is_err());
    other.store.set_broken(false);
    other.skills.settle().await.unwrap();
    assert_eq!(other.known(id), one.known(id));
}
