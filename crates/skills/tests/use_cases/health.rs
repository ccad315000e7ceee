use crate::world::{World, fields, name, url};
use square_skills::testing::ScriptedSkill;
use square_skills::{BuiltinName, Health, SkillDescription, SkillFailure, SkillPatch};
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn a_round_tells_which_skills_are_up_also_when_one_hangs() {
    let world = World::new();
    let [up, down, hanging] = [(); 3].map(|()| ScriptedSkill::always(Ok(Vec::new())));
    down.set_ping(Some(Err(SkillFailure::Status(500))));
    hanging.set_ping(None);
    for (name, skill) in [("up", &up), ("down", &down), ("hanging", &hanging)] {
        world.connector.put(&format!("http://{name}.example"), Arc::clone(skill) as _);
    }
    let ids =
        [world.registered("up").await, world.registered("down").await, world.registered("hanging").await];
    let health = || ids.map(|id| world.listed(id).health);
    assert_eq!(health(), [Health::Unknown; 3]);
    world.skills.check_health().await;
    assert_eq!(health(), [Health::Up, Health::Down, Health::Down]);
    hanging.set_ping(Some(Ok(())));
    world.skills.check_health().await;
    assert_eq!(health(), [Health::Up, Health::Down, Health::Up]);
}

#[tokio::test]
async fn parts_of_this_process_are_up_too() {
    let world = World::new();
    world.connector.put("builtin:casting", ScriptedSkill::always(Ok(Vec::new())));
    let (owner, part) = (world.owner.user().unwrap(), BuiltinName::new("casting"));
    let casting = world.skills.register_builtin(owner, name("Casting"), SkillDescription::default(), part);
    let id = casting.await.unwrap().skill.id;
    world.skills.check_health().await;
    assert_eq!(world.listed(id).health, Health::Up);
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_moved_during_its_ping_is_not_judged_by_it() {
    let world = World::new();
    let hanging = ScriptedSkill::always(Ok(Vec::new()));
    hanging.set_ping(None);
    world.connector.put("http://films.example", hanging);
    let id = world.skills.register(&world.owner, fields("Films")).await.unwrap().skill.id;
    let moved = SkillPatch { url: Some(url("http://moved.example")), ..SkillPatch::default() };
    let ((), edited) = tokio::join!(world.skills.check_health(), world.skills.patch(&world.owner, id, moved));
    assert_eq!(edited.unwrap().health, Health::Unknown);
    assert_eq!(world.listed(id).health, Health::Unknown);
}
