use crate::world::{World, fields, name, url};
use square_skills::testing::ScriptedSkill;
use square_skills::{BuiltinName, Health, SkillDescription, SkillFailure, SkillPatch};
use std::sync::Arc;
use std::time::Duration;

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

#[tokio::test(start_paused = true)]
async fn what_hangs_keeps_the_others_waiting_once_and_a_host_that_is_left_in_peace_is_not_judged() {
    let world = World::new();
    let hanging = ScriptedSkill::always(Ok(Vec::new()));
    hanging.set_ping(None);
    for number in 0..20 {
        world.connector.put(&format!("http://hanging{number}.example"), Arc::clone(&hanging) as _);
        world.registered(&format!("hanging{number}")).await;
    }
    let films = ScriptedSkill::always(Ok(Vec::new()));
    world.connector.put("http://films.example", Arc::clone(&films) as _);
    let id = world.skills.register(&world.other, fields("Films")).await.unwrap().skill.id;
    let begun = tokio::time::Instant::now();
    world.skills.check_health().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!(world.listed(id).health, Health::Up);
    films.set_ping(Some(Err(SkillFailure::RateLimited { retry_in: Duration::from_secs(1) })));
    world.skills.check_health().await;
    assert_eq!(world.listed(id).health, Health::Up);
}
