use crate::world::World;
use square_kernel::Asker;

#[tokio::test]
async fn everybody_sees_what_is_published_and_owners_also_their_own_oldest_first() {
    let world = World::new();
    let hidden = world.registered("Hidden").await;
    world.clock.advance(jiff::SignedDuration::from_secs(1));
    let shown = world.published("Shown").await;
    let ids = |asker| world.skills.list(asker).iter().map(|listed| listed.skill.id).collect::<Vec<_>>();
    assert_eq!(ids(&world.owner), [hidden, shown]);
    assert_eq!(ids(&world.other), [shown]);
    assert_eq!(ids(&Asker::default()), [shown]);

    assert_eq!(world.skills.find(&world.owner, hidden).unwrap().skill.id, hidden);
    assert!(world.skills.find(&world.other, hidden).is_none());
    assert!(world.skills.find(&Asker::default(), hidden).is_none());
    assert!(world.skills.find(&Asker::default(), shown).is_some());
}

#[tokio::test]
async fn looking_asks_no_store() {
    let world = World::new();
    let id = world.published("Shown").await;
    world.store.set_broken(true);
    assert_eq!(world.skills.list(&world.owner).len(), 1);
    assert!(world.skills.find(&world.owner, id).is_some());
}
