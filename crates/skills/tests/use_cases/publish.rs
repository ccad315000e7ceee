use crate::world::{World, examples};
use square_kernel::{Asker, Clock};
use square_skills::testing::{LearnerScript, MemoryLearner};
use square_skills::{Accuracy, Failures, OwnerError, TrainingState};
use std::sync::Arc;
use tokio::task::JoinHandle;

fn reason(state: &TrainingState) -> &str {
    let TrainingState::Failed { reason } = state else { panic!("{state:?}") };
    reason
}

/// A world whose learner waits for the test, with one step of the worker under way as soon as it is asked for.
fn held() -> (World, LearnerScript) {
    let (learner, script) = MemoryLearner::held("Square");
    (World::with(vec![learner]), script)
}

fn step(world: &World) -> JoinHandle<()> {
    let skills = Arc::clone(&world.skills);
    tokio::spawn(async move {
        skills.train_next().await.unwrap();
    })
}

#[tokio::test]
async fn its_owner_takes_along_what_it_is_published_with_whatever_became_of_a_later_training() {
    let world = World::new();
    let id = world.registered("Films").await;
    let taken_along = async || world.skills.examples(&world.owner, id).await.unwrap();
    assert_eq!(taken_along().await, None);
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    assert_eq!(taken_along().await, Some(examples("a")), "of a training that waits");
    world.skills.train_next().await.unwrap().unwrap();
    world.learners[0].fail(Some("too few questions"));
    world.skills.train(&world.owner, id, examples("b")).await.unwrap();
    world.skills.train_next().await.unwrap().unwrap();
    assert_eq!(taken_along().await, Some(examples("a")));
    let refused = world.skills.examples(&world.other, id).await;
    assert!(matches!(refused, Err(OwnerError::NotOwner)), "{refused:?}");
}

#[tokio::test]
async fn a_trained_skill_is_published_known_to_every_learner_and_measured() {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Other")]);
    let id = world.registered("Films").await;
    let begun = world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    assert_eq!((begun.train_examples, begun.dev_examples), (7, 2));
    assert!(!world.listed(id).skill.published);

    assert_eq!(world.skills.train_next().await.unwrap(), Some(begun.id));
    let skill = world.listed(id).skill.clone();
    assert!(skill.published);
    assert_eq!(skill.samples[..], examples("a").train[..5]);
    for learner in &world.learners {
        assert_eq!(learner.known()[&id], examples("a").train[..]);
    }
    let (record, done) = world.skills.training(&world.owner, id).await.unwrap().unwrap();
    let accuracy = Accuracy::from([("Other".into(), 0.5.into()), ("Square".into(), 0.5.into())]);
    assert_eq!(record.state, TrainingState::Published { accuracy, failures: Failures::new() });
    assert!(record.finished_at.is_some_and(|at| at > world.clock.now()), "after the skill's last change");
    assert!((done - 1.0).abs() < f32::EPSILON);
    assert_eq!(world.skills.train_next().await.unwrap(), None);
}

#[tokio::test]
async fn only_the_owner_trains_unpublishes_and_sees_how_far_it_is() {
    let world = World::new();
    let hidden = world.registered("Hidden").await;
    let shown = world.published("Shown").await;
    for (asker, id, wanted) in [
        (&Asker::default(), shown, "sign in first"),
        (&world.other, hidden, "there is no such skill"),
        (&world.other, shown, "the skill belongs to somebody else"),
    ] {
        let said = |error: OwnerError| error.to_string();
        let train = world.skills.train(asker, id, examples("b")).await;
        assert_eq!(train.map_err(said).unwrap_err(), wanted);
        let unpublish = world.skills.unpublish(asker, id).await;
        assert_eq!(unpublish.map(|_| ()).map_err(said).unwrap_err(), wanted);
        let training = world.skills.training(asker, id).await;
        assert_eq!(training.map_err(said).unwrap_err(), wanted);
    }
    assert!(world.listed(shown).skill.published);
    assert_eq!(world.skills.train_next().await.unwrap(), None);
}

#[tokio::test]
async fn progress_is_shared_out_between_learners_and_measuring() {
    let (second, mut script) = MemoryLearner::held("Other");
    let world = World::with(vec![MemoryLearner::new("Square"), second]);
    let id = world.registered("Films").await;
    assert!(world.skills.watch_training(id).is_none());
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let mut progress = world.skills.watch_training(id).unwrap();
    assert!(progress.borrow_and_update().done.abs() < 1e-6);

    let worker = step(&world);
    let learning = script.learning().await;
    // One learner is through, the other half-way, and learning is four fifths of it all.
    let done = progress.borrow_and_update().done;
    assert!((done - 0.6).abs() < 1e-6, "{done}");
    assert!((world.skills.training(&world.owner, id).await.unwrap().unwrap().1 - done).abs() < 1e-6);
    learning.go();
    worker.await.unwrap();
    let last = progress.borrow_and_update().clone();
    assert!((last.done - 1.0).abs() < 1e-6);
    assert!(matches!(last.state, TrainingState::Published { .. }));
    assert_eq!(*world.skills.watch_training(id).unwrap().borrow(), last);
}

#[tokio::test]
async fn a_learning_that_fails_leaves_skill_and_learners_as_they_were() {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Other")]);
    let id = world.published("Films").await;
    let before = world.listed(id).skill.clone();
    world.learners[1].fail(Some("too few questions"));
    world.skills.train(&world.owner, id, examples("b")).await.unwrap();
    world.skills.train_next().await.unwrap();

    assert_eq!(world.listed(id).skill, before);
    let (record, _) = world.skills.training(&world.owner, id).await.unwrap().unwrap();
    assert_eq!(reason(&record.state), "too few questions");
    assert_eq!(reason(&world.skills.watch_training(id).unwrap().borrow().state), "too few questions");
    assert_eq!(world.known(id).unwrap(), examples("a").train[..]);
}

#[tokio::test]
async fn a_first_learning_that_fails_leaves_nothing_learnt() {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Other")]);
    let id = world.registered("Films").await;
    world.learners[1].fail(Some("too few questions"));
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    world.skills.train_next().await.unwrap();
    assert!(!world.listed(id).skill.published);
    assert_eq!(world.known(id), None);
}

#[tokio::test]
async fn a_learner_that_panics_fails_the_training_only() {
    let (world, script) = held();
    drop(script);
    let id = world.registered("Films").await;
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    world.skills.train_next().await.unwrap();
    let (record, _) = world.skills.training(&world.owner, id).await.unwrap().unwrap();
    assert_eq!(reason(&record.state), "learning broke off");
}

#[tokio::test]
async fn a_newer_training_takes_the_place_of_the_one_under_way() {
    let (world, mut script) = held();
    let id = world.registered("Films").await;
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let first = world.skills.watch_training(id).unwrap();
    let worker = step(&world);
    let learning = script.learning().await;
    let newer = world.skills.train(&world.owner, id, examples("b")).await.unwrap();
    assert_eq!(reason(&first.borrow().state), "a newer training took its place");
    learning.go();
    worker.await.unwrap();
    assert!(!world.listed(id).skill.published);
    assert_eq!(world.known(id), None);

    let worker = step(&world);
    let learning = script.learning().await;
    assert_eq!(learning.examples[0], "b 1?");
    learning.go();
    worker.await.unwrap();
    assert_eq!(world.known(id).unwrap(), examples("b").train[..]);
    assert_eq!(world.listed(id).skill.samples[0], "b 1?");
    assert_eq!(world.skills.watch_training(id).unwrap().borrow().id, newer.id);
}

#[tokio::test]
async fn unpublishing_during_a_training_wins() {
    let (world, mut script) = held();
    let id = world.registered("Films").await;
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let progress = world.skills.watch_training(id).unwrap();
    let worker = step(&world);
    let learning = script.learning().await;
    world.skills.unpublish(&world.owner, id).await.unwrap();
    assert_eq!(reason(&progress.borrow().state), "the skill was unpublished");
    learning.go();
    worker.await.unwrap();
    assert!(!world.listed(id).skill.published);
    assert_eq!(world.known(id), None);
    assert_eq!(world.skills.training(&world.owner, id).await.unwrap(), None);
}

#[tokio::test]
async fn removing_during_a_training_wins() {
    let (world, mut script) = held();
    let id = world.registered("Films").await;
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let worker = step(&world);
    let learning = script.learning().await;
    world.skills.remove(&world.owner, id).await.unwrap();
    learning.go();
    worker.await.unwrap();
    assert!(world.directory.snapshot().by_id(id).is_none());
    assert_eq!(world.known(id), None);
}

#[tokio::test]
async fn unpublished_then_trained_anew_it_is_published_everywhere() {
    let world = World::new();
    let id = world.published("Films").await;
    let after = world.skills.unpublish(&world.owner, id).await.unwrap();
    assert!(!after.skill.published && after.skill.samples.is_empty());
    assert!(!world.listed(id).skill.published);
    world.skills.train(&world.owner, id, examples("b")).await.unwrap();
    world.skills.train_next().await.unwrap();
    assert!(world.listed(id).skill.published);
    assert_eq!(world.known(id).unwrap(), examples("b").train[..]);
}

#[tokio::test]
async fn an_unpublished_skill_is_forgotten_by_the_next_step() {
    let world = World::new();
    let id = world.published("Films").await;
    world.skills.unpublish(&world.owner, id).await.unwrap();
    world.store.set_broken(true);
    assert!(world.skills.train_next().await.is_err());
    world.store.set_broken(false);
    assert_eq!(world.skills.train_next().await.unwrap(), None);
    assert_eq!(world.known(id), None);
}

#[tokio::test]
async fn a_store_that_fails_at_the_end_is_asked_again() {
    let (world, mut script) = held();
    let id = world.registered("Films").await;
    let begun = world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let skills = Arc::clone(&world.skills);
    let worker = tokio::spawn(async move { skills.train_next().await });
    let learning = script.learning().await;
    world.store.set_broken(true);
    learning.go();
    assert!(worker.await.unwrap().is_err());
    assert!(!world.listed(id).skill.published);

    world.store.set_broken(false);
    let skills = Arc::clone(&world.skills);
    let worker = tokio::spawn(async move { skills.train_next().await });
    script.learning().await.go();
    assert_eq!(worker.await.unwrap().unwrap(), Some(begun.id));
    assert!(world.listed(id).skill.published);
}

#[tokio::test]
async fn what_was_learnt_but_could_not_be_published_is_forgotten() {
    let (world, mut script) = held();
    let id = world.registered("Films").await;
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let skills = Arc::clone(&world.skills);
    let worker = tokio::spawn(async move { skills.train_next().await });
    let learning = script.learning().await;
    world.store.set_broken(true);
    learning.go();
    assert!(worker.await.unwrap().is_err());
    world.store.set_broken(false);
    assert!(world.known(id).is_some());
    // From now on another process works off trainings, and this one follows.
    world.skills.settle().await.unwrap();
    assert_eq!(world.known(id), None);
}
