use crate::world::{World, examples};
use square_skills::testing::MemoryLearner;

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
