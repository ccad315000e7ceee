use crate::world::{MOST, REFUSED, World, fields, name, signed_in, url};
use square_kernel::testing::TransparentSealer;
use square_kernel::{Asker, Clock, Sealer, Secret};
use square_skills::testing::MemoryLearner;
use square_skills::{
    BuiltinName, Health, Protocol, RegisterError, RegisteredSkill, SkillAddress, SkillDescription,
};

#[tokio::test]
async fn a_registered_skill_is_listed_unpublished_with_its_secret_sealed() {
    let world = World::new();
    let listed = world.skills.register(&world.owner, fields("Films")).await.unwrap();
    let skill = &listed.skill;
    assert_eq!(Some(skill.owner), world.owner.user());
    assert!(!skill.published);
    let address = SkillAddress::Remote { url: url("http://films.example"), protocol: Protocol::Square };
    assert_eq!(skill.address, address);
    assert_eq!((skill.created_at, skill.updated_at), (world.clock.now(), world.clock.now()));
    assert_eq!(listed.health, Health::Unknown);
    let sealed = skill.secret.as_ref().unwrap();
    let opened = TransparentSealer.open(RegisteredSkill::SECRET_PURPOSE, sealed).unwrap();
    assert_eq!(&opened[..], b"open-sesame");
    assert_eq!(world.listed(skill.id).skill, *skill);
}

#[tokio::test]
async fn only_confirmed_people_register() {
    let world = World::new();
    let nobody = world.skills.register(&Asker::default(), fields("Films")).await;
    assert!(matches!(nobody, Err(RegisterError::SignInRequired)));
    let unconfirmed = world.skills.register(&signed_in(), fields("Films")).await;
    assert!(matches!(unconfirmed, Err(RegisterError::NotConfirmed)));
    assert!(world.directory.snapshot().all().is_empty());
}

#[tokio::test]
async fn all_fields_at_fault_are_named_at_once() {
    let world = World::new();
    for secret in ["", "two words", "line\nbreak", "ü", &"x".repeat(1001)] {
        let mut bad = fields("Films");
        bad.url = url(REFUSED);
        bad.secret = Some(Secret::new(secret));
        let Err(RegisterError::Invalid(invalid)) = world.skills.register(&world.owner, bad).await else {
            panic!("taken: {secret:?}");
        };
        let at_fault: Vec<_> = invalid.0.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(at_fault, ["secret", "url"], "{secret:?}");
    }
    assert!(world.directory.snapshot().all().is_empty());
}

#[tokio::test]
async fn of_two_concurrent_calls_with_one_name_one_is_told_that_it_is_taken() {
    let world = World::new();
    let (first, second) = tokio::join!(
        world.skills.register(&world.owner, fields("Films")),
        world.skills.register(&world.other, fields("FILMS")),
    );
    let outcomes = [first, second];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(RegisterError::NameTaken))));
    assert_eq!(world.directory.snapshot().all().len(), 1);
}

#[tokio::test]
async fn an_account_owns_so_many_skills_and_built_in_ones_are_no_concern() {
    let world = World::new();
    for number in 0..MOST {
        world.registered(&format!("skill-{number}")).await;
    }
    let more = world.skills.register(&world.owner, fields("More")).await;
    assert!(matches!(more, Err(RegisterError::TooManySkills(MOST))));
    let (owner, part) = (world.owner.user().unwrap(), BuiltinName::new("casting"));
    world.skills.register_builtin(owner, name("Casting"), SkillDescription::default(), part).await.unwrap();
    world.skills.register(&world.other, fields("More")).await.unwrap();
}

#[tokio::test]
async fn nothing_is_listed_that_the_store_did_not_take() {
    let world = World::new();
    world.store.set_broken(true);
    let outcome = world.skills.register(&world.owner, fields("Films")).await;
    assert!(matches!(outcome, Err(RegisterError::Unavailable(_))));
    assert!(world.directory.snapshot().all().is_empty());
}

#[tokio::test]
async fn a_built_in_skill_is_registered_once() {
    let world = World::new();
    let owner = world.owner.user().unwrap();
    let register = |name, part: &str| {
        let part = BuiltinName::new(part);
        world.skills.register_builtin(owner, name, SkillDescription::default(), part)
    };
    let first = register(name("Casting"), "casting").await.unwrap();
    let again = register(name("casting"), "casting").await.unwrap();
    assert_eq!(first.skill, again.skill);
    assert_eq!(first.skill.address.url(), "builtin:casting");
    let other = register(name("Casting"), "events").await;
    assert!(matches!(other, Err(RegisterError::NameTaken)));

    world.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
    let beside = world.beside(MemoryLearner::new("Square"));
    let register = |part: &str| {
        let part = BuiltinName::new(part);
        beside.skills.register_builtin(owner, name("Casting"), SkillDescription::default(), part)
    };
    assert!(matches!(register("events").await, Err(RegisterError::NameTaken)));
    assert_eq!(
        register("casting").await.unwrap().skill,
        first.skill,
        "by a process that has read nothing yet"
    );
}
