//! Learners that need somebody outside: those whose knowledge is kept there, for all instances together, and those that keep it
//! to themselves. Time is paused.

use crate::world::{World, examples};
use async_trait::async_trait;
use square_kernel::SkillId;
use square_skills::ports::{Learner, LearningFailed, ModelStore};
use square_skills::testing::MemoryLearner;
use square_skills::{ExamplesVersion, Failures, TrainingState};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::advance;

/// A learner inside and one outside, which has caught up.
async fn world() -> World {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Far").outside()]);
    world.skills.bring_in_step().await.unwrap();
    world
}

fn far(world: &World) -> &MemoryLearner {
    &world.learners[1]
}

async fn state(world: &World, id: SkillId) -> TrainingState {
    world.skills.training(&world.owner, id).await.unwrap().unwrap().0.state
}

/// Trains a skill and says why learners outside failed.
async fn trained(world: &World, id: SkillId, set: &str) -> Failures {
    world.skills.train(&world.owner, id, examples(set)).await.unwrap();
    world.skills.train_next().await.unwrap();
    match state(world, id).await {
        TrainingState::Published { failures, .. } => failures,
        other => panic!("{other:?}"),
    }
}

fn known(id: SkillId, set: &str) -> BTreeMap<SkillId, Vec<String>> {
    [(id, examples(set).train.to_vec())].into()
}

#[tokio::test(start_paused = true)]
async fn a_training_teaches_and_measures_it_too() {
    let world = world().await;
    let id = world.registered("Films").await;
    assert_eq!(trained(&world, id, "a").await, Failures::new());
    assert_eq!(far(&world).known(), known(id, "a"));
    let TrainingState::Published { accuracy, .. } = state(&world, id).await else { unreachable!() };
    assert_eq!(accuracy.keys().collect::<Vec<_>>(), ["Far", "Square"]);
}

#[tokio::test(start_paused = true)]
async fn its_failure_keeps_no_skill_from_being_published_and_is_made_up_for() {
    let world = world().await;
    let id = world.registered("Films").await;
    far(&world).fail(Some("it cannot be reached"));
    let failures = trained(&world, id, "a").await;
    assert_eq!(failures, Failures::from([("Far".into(), "it cannot be reached".into())]));
    let TrainingState::Published { accuracy, .. } = state(&world, id).await else { unreachable!() };
    assert_eq!(accuracy.keys().collect::<Vec<_>>(), ["Square"]);
    assert!(world.listed(id).skill.published);

    far(&world).fail(None);
    world.skills.bring_in_step().await.unwrap();
    assert!(far(&world).known().is_empty(), "it is left alone for a moment");
    advance(Duration::from_secs(1)).await;
    world.skills.bring_in_step().await.unwrap();
    assert_eq!(far(&world).known(), known(id, "a"));
}

#[tokio::test(start_paused = true)]
async fn one_that_stays_away_is_tried_ever_more_seldom_and_holds_up_no_training() {
    let world = world().await;
    let id = world.registered("Films").await;
    far(&world).fail(Some("it is away"));
    trained(&world, id, "a").await;
    let begun = far(&world).begun();
    for _ in 0..60 * 60 {
        advance(Duration::from_secs(1)).await;
        world.skills.bring_in_step().await.unwrap();
    }
    let tried = far(&world).begun() - begun;
    assert!((12..=24).contains(&tried), "{tried} attempts in an hour");

    let (begun, other) = (far(&world).begun(), world.registered("Weather").await);
    assert_eq!(trained(&world, other, "b").await["Far"], "it is away");
    assert_eq!(far(&world).begun(), begun, "while it is left alone, a training does not try it either");
}

#[tokio::test(start_paused = true)]
async fn it_forgets_what_is_unpublished() {
    let world = world().await;
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    world.skills.unpublish(&world.owner, id).await.unwrap();
    world.skills.settle().await.unwrap();
    world.skills.bring_in_step().await.unwrap();
    assert!(far(&world).known().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_takes_over_compares_it_with_all_that_is_published() {
    let world = world().await;
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    far(&world).lose();
    // Another instance does it for a while, of which this one sees nothing.
    world.skills.bring_own_in_step().await.unwrap();
    assert!(far(&world).known().is_empty());
    world.skills.bring_in_step().await.unwrap();
    assert_eq!(far(&world).known(), known(id, "a"));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_emptied_is_filled_again_in_time() {
    let world = world().await;
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    far(&world).lose();
    advance(Duration::from_mins(9)).await;
    world.skills.bring_in_step().await.unwrap();
    assert!(far(&world).known().is_empty());
    advance(Duration::from_mins(1)).await;
    world.skills.bring_in_step().await.unwrap();
    assert_eq!(far(&world).known(), known(id, "a"));
}

#[tokio::test(start_paused = true)]
async fn a_comparison_that_fails_is_made_again() {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Far").outside()]);
    far(&world).fail(Some("it is away"));
    world.skills.bring_in_step().await.unwrap();
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    far(&world).fail(None);
    advance(Duration::from_secs(1)).await;
    world.skills.bring_in_step().await.unwrap();
    assert_eq!(far(&world).known(), known(id, "a"));
}

#[tokio::test(start_paused = true)]
async fn while_it_catches_up_a_training_does_not_wait_for_it() {
    let (learner, mut script) = MemoryLearner::held("Far");
    let world = World::with(vec![MemoryLearner::new("Square"), learner.outside()]);
    world.skills.bring_in_step().await.unwrap();
    let (first, second) = (world.registered("Films").await, world.registered("Weather").await);
    // The first is published without it, so that it has something to catch up on.
    world.skills.train(&world.owner, first, examples("a")).await.unwrap();
    let skills = world.skills.clone();
    let training = tokio::spawn(async move { skills.train_next().await.map(drop) });
    script.learning().await.fail("it is away");
    training.await.unwrap().unwrap();
    advance(Duration::from_secs(1)).await;
    let skills = world.skills.clone();
    let catching_up = tokio::spawn(async move { skills.bring_in_step().await });
    let held = script.learning().await;

    assert_eq!(trained(&world, second, "b").await["Far"], "it is still learning other skills");
    held.go();
    script.learning().await.go();
    catching_up.await.unwrap().unwrap();
    assert_eq!(far(&world).known().len(), 2);
}

/// A learner inside and one that needs somebody outside but keeps what it knows to itself, which has caught up.
async fn leaning() -> World {
    let world = World::with(vec![MemoryLearner::new("Square"), MemoryLearner::new("Far").leaning()]);
    world.skills.bring_in_step().await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn one_that_keeps_to_itself_learns_on_every_instance() {
    let world = leaning().await;
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    assert_eq!(far(&world).known(), known(id, "a"));

    let other = world.beside(MemoryLearner::new("Far").leaning());
    other.skills.load().await.unwrap();
    assert!(other.learners[0].known().is_empty(), "no start waits for it");
    other.skills.bring_own_in_step().await.unwrap();
    assert_eq!(other.learners[0].known(), known(id, "a"));

    trained(&world, id, "b").await;
    other.skills.catch_up(id).await.unwrap();
    other.skills.settle().await.unwrap();
    other.skills.bring_own_in_step().await.unwrap();
    assert_eq!(other.learners[0].known(), known(id, "b"));
}

#[tokio::test(start_paused = true)]
async fn one_that_keeps_to_itself_starts_with_what_was_kept() {
    let world = leaning().await;
    let id = world.registered("Films").await;
    trained(&world, id, "a").await;
    world.skills.train_next().await.unwrap();
    let world = world.restarted(MemoryLearner::new("Far").leaning());
    world.skills.load().await.unwrap();
    world.skills.bring_in_step().await.unwrap();
    assert!(world.learners[0].has_taken_up() && world.learners[0].begun() == 0);
    assert_eq!(world.learners[0].known(), known(id, "a"));
    // It is offered once; later comparisons go by what it knows.
    advance(Duration::from_mins(10)).await;
    world.skills.bring_in_step().await.unwrap();
    assert_eq!(world.learners[0].begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_one_that_keeps_to_itself_learnt_late_is_kept_as_well() {
    let world = leaning().await;
    let id = world.registered("Films").await;
    far(&world).fail(Some("it is away"));
    trained(&world, id, "a").await;
    world.skills.train_next().await.unwrap();
    far(&world).fail(None);
    advance(Duration::from_mins(1)).await;
    world.skills.bring_in_step().await.unwrap();
    world.skills.train_next().await.unwrap();
    let kept = world.models.kept_version("Far").await.unwrap();
    let expected = [(id, ExamplesVersion::of_skill(&examples("a").train))];
    assert_eq!(kept, Some(ExamplesVersion::of_all(expected)));
}

#[tokio::test(start_paused = true)]
async fn a_training_waits_for_one_that_keeps_to_itself_ten_seconds_and_it_learns_later() {
    let (learner, mut script) = MemoryLearner::held("Far");
    let world = World::with(vec![MemoryLearner::new("Square"), learner.leaning()]);
    world.skills.bring_in_step().await.unwrap();
    let id = world.registered("Films").await;
    let trained = tokio::time::timeout(Duration::from_secs(11), trained(&world, id, "a")).await;
    assert_eq!(trained.unwrap()["Far"], "it took longer than 10 s");
    assert!(world.listed(id).skill.published);
    drop(script.learning().await);
    advance(Duration::from_secs(1)).await;
    let skills = world.skills.clone();
    let catching_up = tokio::spawn(async move { skills.bring_in_step().await });
    let held = script.learning().await;
    advance(Duration::from_mins(10)).await;
    held.go();
    catching_up.await.unwrap().unwrap();
    assert_eq!(far(&world).known(), known(id, "a"));
}

/// Learns at once, and never ends being measured.
struct Boundless;

#[async_trait]
impl Learner for Boundless {
    fn name(&self) -> &'static str {
        "Far"
    }

    fn is_outside(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn learn_all(&self, _: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        Ok(())
    }

    async fn learn(
        &self,
        _: SkillId,
        _: &[String],
        _: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        Ok(())
    }

    async fn forget(&self, _: SkillId) -> Result<(), LearningFailed> {
        Ok(())
    }

    async fn accuracy(&self, _: SkillId, _: &[String]) -> Result<f64, LearningFailed> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn nor_is_its_measuring_waited_for_any_longer() {
    let world = World::learning(vec![Arc::new(MemoryLearner::new("Square")), Arc::new(Boundless)]);
    let id = world.registered("Films").await;
    let trained = tokio::time::timeout(Duration::from_secs(11), trained(&world, id, "a")).await;
    assert_eq!(trained.unwrap()["Far"], "it took longer than 10 s");
    let TrainingState::Published { accuracy, .. } = state(&world, id).await else { unreachable!() };
    assert_eq!(accuracy.keys().collect::<Vec<_>>(), ["Square"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_learnt_while_it_is_kept_is_kept_next_time() {
    let (learner, mut script) = MemoryLearner::held("Far");
    let world = World::with(vec![MemoryLearner::new("Square"), learner.leaning()]);
    world.skills.bring_in_step().await.unwrap();
    let id = world.registered("Films").await;
    let skills = world.skills.clone();
    world.skills.train(&world.owner, id, examples("a")).await.unwrap();
    let training = tokio::spawn(async move { skills.train_next().await.map(drop) });
    script.learning().await.fail("it is away");
    training.await.unwrap().unwrap();
    advance(Duration::from_mins(1)).await;
    let skills = world.skills.clone();
    let catching_up = tokio::spawn(async move { skills.bring_in_step().await });
    let held = script.learning().await;
    world.skills.train_next().await.unwrap();
    held.go();
    catching_up.await.unwrap().unwrap();
    advance(Duration::from_mins(1)).await;
    world.skills.train_next().await.unwrap();
    let kept = world.models.kept_version("Far").await.unwrap();
    let expected = [(id, ExamplesVersion::of_skill(&examples("a").train))];
    assert_eq!(kept, Some(ExamplesVersion::of_all(expected)));
}
