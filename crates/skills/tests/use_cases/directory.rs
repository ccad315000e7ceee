use crate::world::World;
use square_skills::Health;

#[tokio::test]
async fn what_was_removed_does_not_come_back() {
    let world = World::new();
    let id = world.registered("Films").await;
    let skill = world.listed(id).skill.clone();
    world.directory.remove(id);
    world.directory.put(skill.clone());
    assert!(world.directory.snapshot().by_id(id).is_none());
    world.directory.replace_all(vec![skill]);
    assert!(world.directory.snapshot().all().is_empty());
}

#[tokio::test]
async fn a_snapshot_stays_as_it_was_and_finds_by_id_and_by_name_in_any_case() {
    let world = World::new();
    let id = world.registered("Films").await;
    let before = world.directory.snapshot();
    world.registered("Songs").await;
    assert_eq!(before.all().len(), 1);
    assert_eq!(before.by_name("fILMS").unwrap().skill.id, id);
    assert!(before.by_name("Songs").is_none());
    assert!(world.directory.snapshot().revision() > before.revision());
}

#[tokio::test]
async fn health_that_stays_the_same_makes_no_new_snapshot() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.directory.set_health(id, Health::Up);
    let before = world.directory.snapshot().revision();
    world.directory.set_health(id, Health::Up);
    assert_eq!(world.directory.snapshot().revision(), before);
    world.directory.set_health(id, Health::Down);
    assert_eq!(world.listed(id).health, Health::Down);
}
