use crate::world::{World, examples};
use square_kernel::Clock;
use square_skills::KeptModel;
use square_skills::ports::ModelStore;
use square_skills::testing::MemoryLearner;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn another_process_lists_and_knows_what_the_store_holds() {
    let world = World::new();
    let published = world.published("Films").await;
    let hidden = world.registered("Songs").await;
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert_eq!(world.directory.snapshot().all().len(), 2);
    assert_eq!(world.known(published).unwrap(), examples("a").train[..]);
    assert_eq!(world.known(hidden), None);
}

#[tokio::test]
async fn a_learner_that_fails_does_not_stop_the_start() {
    let world = World::new();
    let id = world.published("Films").await;
    let failing = MemoryLearner::new("Square");
    failing.fail(Some("out of memory"));
    let world = world.restarted(failing);
    world.skills.load().await.unwrap();
    assert!(world.listed(id).skill.published);
}

#[tokio::test]
async fn a_store_that_fails_does() {
    let world = World::new();
    world.store.set_broken(true);
    assert!(world.skills.load().await.is_err());
}

#[tokio::test]
async fn trainings_that_a_process_left_undone_are_taken_up() {
    let world = World::new();
    let id = world.registered("Films").await;
    let record = world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert_eq!(world.skills.train_next().await.unwrap(), Some(record.id));
    assert!(world.listed(id).skill.published);
}

#[tokio::test]
async fn what_was_learnt_is_kept_and_taken_up_by_the_next_process() {
    let world = World::new();
    let id = world.published("Films").await;
    assert!(world.models.kept().is_empty(), "nothing is kept while more may be waiting");
    world.skills.train_next().await.unwrap();
    assert_eq!(world.models.kept().len(), 1);
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert!(world.learners[0].has_taken_up());
    assert_eq!(world.known(id).unwrap(), examples("a").train[..]);
}

#[tokio::test]
async fn what_was_made_from_other_examples_is_learnt_anew() {
    let world = World::new();
    let films = world.published("Films").await;
    world.skills.train_next().await.unwrap();
    let songs = world.published("Songs").await;
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert!(!world.learners[0].has_taken_up());
    assert!(world.known(films).is_some() && world.known(songs).is_some());
    // It is kept again, so that the next start is quick.
    world.skills.train_next().await.unwrap();
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert!(world.learners[0].has_taken_up());
}

#[tokio::test]
async fn what_a_learner_cannot_read_it_learns_anew() {
    let world = World::new();
    let id = world.published("Films").await;
    world.skills.train_next().await.unwrap();
    let kept = world.models.kept().remove("Square").unwrap();
    let damaged = KeptModel { bytes: Arc::from(&b"?"[..]), ..kept };
    world.models.keep_model("Square", &damaged, world.clock.now()).await.unwrap();
    let world = world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    assert!(!world.learners[0].has_taken_up());
    assert_eq!(world.known(id).unwrap(), examples("a").train[..]);
}

#[tokio::test(start_paused = true)]
async fn what_is_learnt_in_quick_succession_is_kept_once() {
    let world = World::new();
    world.published("Films").await;
    world.skills.train_next().await.unwrap();
    let first = world.models.kept();
    let songs = world.published("Songs").await;
    world.skills.train_next().await.unwrap();
    assert_eq!(world.models.kept(), first);
    tokio::time::advance(Duration::from_secs(31)).await;
    world.skills.train_next().await.unwrap();
    let second = world.models.kept();
    assert_ne!(second, first);
    world.skills.unpublish(&world.owner, songs).await.unwrap();
    tokio::time::advance(Duration::from_secs(31)).await;
    world.skills.train_next().await.unwrap();
    assert_eq!(world.models.kept(), first, "the same examples, the same version");
}
