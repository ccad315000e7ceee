use super::{at, begun, examples, failed, inserted, published, running, stored};
use crate::RegisteredSkill;
use crate::ports::{SkillStore, Written};
use crate::training::{TrainingId, TrainingSet, TrainingState};
use square_kernel::{OsRandomness, SkillId, SystemClock, UserId};

/// A skill that is not there cannot be trained, and nothing of the attempt stays.
pub async fn nothing_gone_is_trained(store: &dyn SkillStore, _owner: UserId) {
    let id = TrainingId::new(&SystemClock, &OsRandomness);
    let unknown = SkillId::new(&SystemClock, &OsRandomness);
    assert_eq!(store.begin_training(id, unknown, &examples("a"), at(1), None).await.unwrap(), Written::Gone);
    assert_eq!(store.examples(id).await.unwrap(), None);
    assert_eq!(running(store).await, []);
}

/// Examples come back as they were given: all, in order, repeats included.
pub async fn examples_keep_their_order(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let id = TrainingId::new(&SystemClock, &OsRandomness);
    let given = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let set = TrainingSet { train: given(&["b?", "a?", "b?", "ü 'x' \"y\" ?"]), dev: given(&["z?", "y?"]) };
    assert_eq!(store.begin_training(id, skill.id, &set, at(1), None).await.unwrap(), Written::Done);
    assert_eq!(store.examples(id).await.unwrap(), Some(set));
}

/// A training that has begun is found with all that is known of it, and changes nothing about the skill.
pub async fn a_running_training_is_the_newest_one(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    assert_eq!(store.training(skill.id).await.unwrap(), None);
    let id = begun(store, skill.id, "a", at(1)).await;

    let record = store.training(skill.id).await.unwrap().unwrap();
    assert_eq!((record.id, record.skill, &record.state), (id, skill.id, &TrainingState::Running));
    assert_eq!((record.train_examples, record.dev_examples), (7, 7));
    assert_eq!((record.started_at, record.finished_at), (at(1), None));
    assert_eq!(store.running_trainings().await.unwrap(), [record]);
    assert_eq!(store.published_examples().await.unwrap(), []);
    assert_eq!(stored(store, skill.id).await, skill);
}

/// Publishing keeps the first few examples as samples, the others to learn from again, and the accuracy.
pub async fn publishing_keeps_samples_and_examples(store: &dyn SkillStore, owner: UserId) {
    let mut skill = inserted(store, owner, "Films").await;
    let id = begun(store, skill.id, "a", at(1)).await;
    let after = store.finish_training(id, &published(), at(2)).await.unwrap().unwrap();

    skill.published = true;
    skill.samples = examples("a").train.iter().take(RegisteredSkill::SAMPLES).cloned().collect();
    skill.updated_at = at(2);
    assert_eq!(after, skill);
    assert_eq!(stored(store, skill.id).await, skill);
    assert_eq!(store.published_examples().await.unwrap(), [(skill.id, examples("a").train)]);
    assert_eq!(running(store).await, []);
    let record = store.training(skill.id).await.unwrap().unwrap();
    assert_eq!((record.id, record.state, record.finished_at), (id, published(), Some(at(2))));
}

/// Of several publications the last one's examples are kept, and only those.
pub async fn publishing_anew_replaces_the_examples(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let first = begun(store, skill.id, "a", at(1)).await;
    store.finish_training(first, &published(), at(2)).await.unwrap().unwrap();
    let second = begun(store, skill.id, "b", at(3)).await;
    assert_eq!(store.published_examples().await.unwrap(), [(skill.id, examples("a").train)]);
    let after = store.finish_training(second, &published(), at(4)).await.unwrap().unwrap();

    assert_eq!(after.samples[0], "b train 1?");
    assert_eq!(store.published_examples().await.unwrap(), [(skill.id, examples("b").train)]);
    assert_eq!(store.examples_of_published(skill.id).await.unwrap(), Some(examples("b")));
    assert_eq!(store.examples(first).await.unwrap(), None);
}

/// A failure is recorded, its examples are deleted; the skill and what it is published with stay.
pub async fn a_failed_training_leaves_the_skill_as_it_was(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let first = begun(store, skill.id, "a", at(1)).await;
    let before = store.finish_training(first, &published(), at(2)).await.unwrap().unwrap();
    let second = begun(store, skill.id, "b", at(3)).await;

    assert_eq!(store.finish_training(second, &failed(), at(4)).await.unwrap(), Some(before.clone()));
    assert_eq!(stored(store, skill.id).await, before);
    assert_eq!(store.examples(second).await.unwrap(), None);
    assert_eq!(store.published_examples().await.unwrap(), [(skill.id, examples("a").train)]);
    let record = store.training(skill.id).await.unwrap().unwrap();
    assert_eq!((record.id, record.state, record.finished_at), (second, failed(), Some(at(4))));
}

/// The second end of a training changes nothing, whichever it would be.
pub async fn a_training_is_finished_once(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let id = begun(store, skill.id, "a", at(1)).await;
    let after = store.finish_training(id, &published(), at(2)).await.unwrap().unwrap();
    assert_eq!(store.finish_training(id, &failed(), at(3)).await.unwrap(), None);
    assert_eq!(store.finish_training(id, &published(), at(3)).await.unwrap(), None);
    assert_eq!(stored(store, skill.id).await, after);
    assert_eq!(store.published_examples().await.unwrap(), [(skill.id, examples("a").train)]);
}

/// A training begun later takes the place of one that runs, whose end then changes nothing.
pub async fn a_superseded_training_comes_to_nothing(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let first = begun(store, skill.id, "a", at(1)).await;
    // At the same moment: which is the newer one must not hang on the clock.
    let second = begun(store, skill.id, "b", at(1)).await;

    assert_eq!(running(store).await, [second]);
    assert_eq!(store.finish_training(first, &published(), at(2)).await.unwrap(), None);
    assert_eq!(stored(store, skill.id).await, skill);
    assert_eq!(store.training(skill.id).await.unwrap().unwrap().id, second);
    let after = store.finish_training(second, &published(), at(3)).await.unwrap().unwrap();
    assert_eq!(after.samples[0], "b train 1?");
    assert_eq!(store.finish_training(first, &failed(), at(4)).await.unwrap(), None);
    assert_eq!(stored(store, skill.id).await, after);
}

/// Who unpublishes a skill while it is trained does not see it come back.
pub async fn a_training_does_not_outlive_unpublishing(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let id = begun(store, skill.id, "a", at(1)).await;
    let after = store.unpublish(skill.id, at(2)).await.unwrap().unwrap();
    assert_eq!(running(store).await, []);
    assert_eq!(store.finish_training(id, &published(), at(3)).await.unwrap(), None);
    assert_eq!(stored(store, skill.id).await, after);
    assert!(!after.published);
}

/// A training of a deleted skill ends without effect.
pub async fn a_training_does_not_outlive_the_skill(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let id = begun(store, skill.id, "a", at(1)).await;
    assert!(store.delete(skill.id).await.unwrap());
    assert_eq!(store.finish_training(id, &published(), at(3)).await.unwrap(), None);
    assert_eq!(store.find(skill.id).await.unwrap(), None);
}

/// Unpublishing deletes samples, examples and trainings; the skill itself stays.
pub async fn unpublishing_forgets_everything_learnt(store: &dyn SkillStore, owner: UserId) {
    let mut skill = inserted(store, owner, "Films").await;
    let other = inserted(store, owner, "Songs").await;
    for (id, prefix) in [(skill.id, "a"), (other.id, "b")] {
        let training = begun(store, id, prefix, at(1)).await;
        store.finish_training(training, &published(), at(2)).await.unwrap().unwrap();
    }
    skill.updated_at = at(3);
    assert_eq!(store.unpublish(skill.id, at(3)).await.unwrap(), Some(skill.clone()));
    assert_eq!(stored(store, skill.id).await, skill);
    assert_eq!(store.training(skill.id).await.unwrap(), None);
    assert_eq!(store.published_examples().await.unwrap(), [(other.id, examples("b").train)]);
    let unknown = SkillId::new(&SystemClock, &OsRandomness);
    assert_eq!(store.unpublish(unknown, at(3)).await.unwrap(), None);
}

/// What has waited longest comes first.
pub async fn running_trainings_come_oldest_first(store: &dyn SkillStore, owner: UserId) {
    let mut begun_in_order = Vec::new();
    for (seconds, name) in [(1, "c"), (2, "a"), (3, "b")] {
        let skill = inserted(store, owner, name).await;
        begun_in_order.push(begun(store, skill.id, name, at(seconds)).await);
    }
    assert_eq!(running(store).await, begun_in_order);
}

/// Of two processes that finish one training, one does.
pub async fn of_parallel_finishes_one_wins(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let id = begun(store, skill.id, "a", at(1)).await;
    let state = published();
    let finishes = (0..8).map(|_| store.finish_training(id, &state, at(2)));
    let outcomes = futures::future::join_all(finishes).await;
    let won = outcomes.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_some()).count();
    assert_eq!(won, 1);
}
