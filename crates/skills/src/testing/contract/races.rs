use super::{at, begun, examples, failed, inserted, published, running, stored};
use crate::ports::{SkillStore, Written};
use crate::training::TrainingId;
use crate::{RegisteredSkill, SkillName};
use futures::future::join_all;
use square_kernel::{OsRandomness, SkillId, SystemClock, UserId};

/// How many calls are made at once.
const CALLS: usize = 32;

fn new_training() -> TrainingId {
    TrainingId::new(&SystemClock, &OsRandomness)
}

/// Of skills that take one name at once one gets it; the others keep theirs.
pub async fn of_parallel_renamings_to_one_name_one_wins(store: &dyn SkillStore, owner: UserId) {
    let mut before = Vec::new();
    for number in 0..CALLS {
        before.push(inserted(store, owner, &format!("Films {number}")).await);
    }
    let wanted = SkillName::parse("Films").unwrap();
    let edits: Vec<_> =
        before.iter().map(|skill| RegisteredSkill { name: wanted.clone(), ..skill.clone() }).collect();
    let outcomes = join_all(edits.iter().map(|edit| store.update(edit, at(0), None))).await;
    let outcomes: Vec<Written> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::NameTaken).count(), CALLS - 1);
    let named = store.all().await.unwrap().into_iter().filter(|skill| skill.name == wanted).count();
    assert_eq!(named, 1);
}

/// Who deletes what another one deletes at the same time is told that there was nothing.
pub async fn of_parallel_deletions_one_wins(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    begun(store, skill.id, "a", at(1)).await;
    let outcomes = join_all((0..CALLS).map(|_| store.delete(skill.id))).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count(), 1);
}

/// Of trainings that begin at once one is the newest and runs; the others are superseded.
pub async fn of_parallel_trainings_one_is_left(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let set = examples("a");
    let begun =
        join_all((0..CALLS).map(|_| store.begin_training(new_training(), skill.id, &set, at(1), None)));
    assert!(begun.await.into_iter().all(|begun| begun.unwrap() == Written::Done));
    let newest = store.training(skill.id).await.unwrap().unwrap();
    assert_eq!(running(store).await, [newest.id]);
    assert!(store.finish_training(newest.id, &published(), at(2)).await.unwrap().is_some());
}

/// Whatever trainings, unpublishing and edits come to lie beside one another: a skill is published if, and only if, there
/// is what it was published with.
pub async fn what_happens_at_once_leaves_a_skill_of_one_piece(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let (set, ends) = (examples("b"), [published(), failed(), published()]);
    for round in 0..6 {
        let one = begun(store, skill.id, "a", at(round)).await;
        let turn = |number: usize| {
            let (set, end, skill) = (&set, &ends[number % ends.len()], skill.id);
            async move {
                match number % 4 {
                    0 => assert_eq!(
                        store.begin_training(new_training(), skill, set, at(round), None).await.unwrap(),
                        Written::Done
                    ),
                    1 => drop(store.finish_training(one, end, at(round)).await.unwrap()),
                    2 => {
                        let newest = store.training(skill).await.unwrap().map_or(one, |newest| newest.id);
                        store.finish_training(newest, end, at(round)).await.unwrap();
                    }
                    _ => assert!(store.unpublish(skill, at(round)).await.unwrap().is_some()),
                }
            }
        };
        join_all((0..CALLS).map(turn)).await;
        is_of_one_piece(store, skill.id).await;
    }
    assert!(store.unpublish(skill.id, at(99)).await.unwrap().is_some());
    is_of_one_piece(store, skill.id).await;
    assert_eq!(store.training(skill.id).await.unwrap(), None);
}

async fn is_of_one_piece(store: &dyn SkillStore, id: SkillId) {
    let skill = stored(store, id).await;
    let learnt = store.examples_of_published(id).await.unwrap();
    assert_eq!(skill.published, learnt.is_some());
    let learnt = learnt.map(|set| set.train).unwrap_or_default();
    assert_eq!(skill.samples[..], learnt[..learnt.len().min(RegisteredSkill::SAMPLES)]);
    let newest = store.training(id).await.unwrap();
    assert!(running(store).await.len() <= usize::from(newest.is_some()));
}

/// What goes on beside a deletion fails for nobody, and of the skill nothing is left.
pub async fn nothing_that_happens_beside_a_deletion_is_left(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let one = begun(store, skill.id, "a", at(1)).await;
    let (set, done) = (examples("b"), published());
    let turn = |number: usize| {
        let (set, done, skill) = (&set, &done, &skill);
        async move {
            match number % 4 {
                _ if number == CALLS / 2 => assert!(store.delete(skill.id).await.unwrap()),
                0 => drop(store.begin_training(new_training(), skill.id, set, at(1), None).await.unwrap()),
                1 => drop(store.finish_training(one, done, at(2)).await.unwrap()),
                2 => drop(store.unpublish(skill.id, at(2)).await.unwrap()),
                _ => drop(store.update(skill, at(0), None).await.unwrap()),
            }
        }
    };
    join_all((0..CALLS).map(turn)).await;
    assert_eq!(store.find(skill.id).await.unwrap(), None);
    assert_eq!(store.training(skill.id).await.unwrap(), None);
    assert_eq!(running(store).await, []);
    assert_eq!(store.published_examples().await.unwrap(), []);
}
