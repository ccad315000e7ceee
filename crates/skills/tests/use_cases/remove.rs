use crate::world::{World, examples};
use square_kernel::Asker;
use square_skills::OwnerError;
use square_skills::ports::SkillStore;

#[tokio::test]
async fn a_removed_skill_is_gone_everywhere() {
    let world = World::new();
    let id = world.published("Films").await;
    let before = world.listed(id).skill.clone();
    assert_eq!(world.skills.remove(&world.owner, id).await.unwrap().skill, before);
    assert!(world.directory.snapshot().by_id(id).is_none());
    assert_eq!(world.store.find(id).await.unwrap(), None);
    assert_eq!(world.skills.train_next().await.unwrap(), None);
    assert_eq!(world.known(id), None);
    assert!(matches!(world.skills.remove(&world.owner, id).await, Err(OwnerError::NotFound)));
}

#[tokio::test]
async fn only_the_owner_removes() {
    let world = World::new();
    let hidden = world.registered("Hidden").await;
    let shown = world.published("Shown").await;
    let nobody = Asker::default();
    let remove = |asker, id| world.skills.remove(asker, id);
    assert!(matches!(remove(&nobody, shown).await, Err(OwnerError::SignInRequired)));
    assert!(matches!(remove(&world.other, shown).await, Err(OwnerError::NotOwner)));
    assert!(matches!(remove(&world.other, hidden).await, Err(OwnerError::NotFound)));
    assert_eq!(world.store.all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_skill_whose_removal_failed_is_still_there() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.store.set_broken(true);
    assert!(matches!(world.skills.remove(&world.owner, id).await, Err(OwnerError::Unavailable(_))));
    assert!(world.directory.snapshot().by_id(id).is_some());
}

#[tokio::test]
async fn what_is_gone_cannot_be_trained_or_unpublished() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.skills.remove(&world.owner, id).await.unwrap();
    let train = world.skills.train(&world.owner, id, examples("a")).await;
    assert!(matches!(train, Err(OwnerError::NotFound)));
    assert!(matches!(world.skills.unpublish(&world.owner, id).await, Err(OwnerError::NotFound)));
}
