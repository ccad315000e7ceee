use crate::world::{World, fields, signed_in, url};
use jiff::SignedDuration;
use square_kernel::testing::TransparentSealer;
use square_kernel::{Sealer, Secret};
use square_limits::{LimitError, Quota};
use square_skills::{
    BuiltinName, CheckError, EditError, OwnerError, ProbePolicy, Protocol, RegisterError, RegisteredSkill,
    SkillDescription, SkillFields, SkillModel, SkillName, SkillPatch,
};

fn unsaid(name: &str) -> SkillFields {
    SkillFields { protocol: None, ..fields(name) }
}

fn at(address: &str) -> SkillFields {
    SkillFields { url: url(address), ..unsaid("Films") }
}

#[tokio::test]
async fn a_protocol_that_is_left_out_is_found_out_with_the_secret_the_skill_wants() {
    let world = World::new();
    world.prober.put("http://films.example", Protocol::OpenAi);
    let films = world.skills.register(&world.owner, unsaid("Films")).await.unwrap();
    assert_eq!(films.skill.address.protocol(), "openai");
    let probed = ("http://films.example".to_owned(), Some(Secret::new("open-sesame")));
    assert_eq!(world.prober.probed(), [probed]);
    let unknown = world.skills.register(&world.owner, unsaid("Songs")).await.unwrap();
    assert_eq!(unknown.skill.address.protocol(), "square");
}

#[tokio::test]
async fn a_protocol_that_is_said_is_not_probed() {
    let world = World::new();
    let said = SkillFields { protocol: Some(Protocol::A2a), ..fields("Films") };
    let films = world.skills.register(&world.owner, said).await.unwrap();
    assert_eq!(films.skill.address.protocol(), "a2a");
    assert_eq!(world.prober.probed(), []);
}

#[tokio::test]
async fn a_replacement_without_protocol_probes_another_address_only() {
    let world = World::new();
    world.prober.put("http://moved.example", Protocol::Square2);
    let id = world.skills.register(&world.owner, fields("Films")).await.unwrap().skill.id;
    let same = world.skills.replace(&world.owner, id, unsaid("Films")).await.unwrap();
    assert_eq!(same.skill.address.protocol(), "square");
    assert_eq!(world.prober.probed(), []);

    let moved = SkillFields { secret: None, ..at("http://moved.example") };
    let moved = world.skills.replace(&world.owner, id, moved).await.unwrap();
    assert_eq!(moved.skill.address.protocol(), "square2");
    assert_eq!(world.prober.probed()[0].1, Some(Secret::new("open-sesame")));
}

#[tokio::test]
async fn a_check_is_the_owners() {
    let world = World::new();
    let id = world.published("Films").await;
    let nobody = world.skills.check(&signed_in(), id).await;
    assert!(matches!(nobody, Err(CheckError::Owner(OwnerError::NotOwner))));
    let report = world.skills.check(&world.owner, id).await.unwrap();
    assert!(!report.passed());
    assert_eq!(report.steps.last().unwrap().message, "the skill could not be reached");
    world.prober.put("http://films.example", Protocol::Square);
    assert!(world.skills.check(&world.owner, id).await.unwrap().passed());
}

#[tokio::test]
async fn every_remote_skill_has_a_signing_key_of_its_own_which_its_owner_may_change() {
    let world = World::new();
    let key = |skill: &RegisteredSkill| {
        TransparentSealer.open(RegisteredSkill::SIGNING_PURPOSE, skill.signing.as_ref().unwrap()).unwrap()
    };
    let films = world.skills.register(&world.owner, fields("Films")).await.unwrap();
    let songs = world.skills.register(&world.owner, fields("Songs")).await.unwrap();
    assert_eq!(key(&films.skill).len(), 24);
    assert_ne!(key(&films.skill), key(&songs.skill));

    let id = films.skill.id;
    let not_owned = world.skills.rotate_signing_key(&world.other, id).await;
    assert!(matches!(not_owned, Err(EditError::NotFound)));
    let new = world.skills.rotate_signing_key(&world.owner, id).await.unwrap();
    assert_eq!(&key(&world.listed(id).skill)[..], new.bytes());
    assert_ne!(key(&films.skill)[..], *new.bytes());
    assert_eq!(format!("{new:?}"), "SigningKey(…)");
    // Other changes leave it alone.
    world.skills.replace(&world.owner, id, fields("Movies")).await.unwrap();
    assert_eq!(&key(&world.listed(id).skill)[..], new.bytes());
}

#[tokio::test]
async fn calls_to_a_part_of_this_process_are_neither_checked_nor_signed() {
    let world = World::new();
    let owner = world.owner.user().unwrap();
    let name = SkillName::parse("Casting").unwrap();
    let part = BuiltinName::new("casting");
    let casting = world.skills.register_builtin(owner, name, SkillDescription::default(), part).await;
    let casting = casting.unwrap();
    assert_eq!(casting.skill.signing, None);
    assert!(world.skills.check(&world.owner, casting.skill.id).await.unwrap().steps.is_empty());
    let rotated = world.skills.rotate_signing_key(&world.owner, casting.skill.id).await;
    assert!(matches!(rotated, Err(EditError::Invalid(_))));
}

#[tokio::test]
async fn a_model_is_kept_until_it_is_changed_or_taken_away() {
    let world = World::new();
    let model = |text| Some(SkillModel::parse(text).unwrap());
    let with_model = SkillFields { model: model("llama"), ..fields("Films") };
    let id = world.skills.register(&world.owner, with_model).await.unwrap().skill.id;
    assert_eq!(world.listed(id).skill.model, model("llama"));
    let patch = |model| SkillPatch { model, ..SkillPatch::default() };
    world.skills.patch(&world.owner, id, patch(None)).await.unwrap();
    assert_eq!(world.listed(id).skill.model, model("llama"));
    world.skills.patch(&world.owner, id, patch(Some(model("phi")))).await.unwrap();
    assert_eq!(world.listed(id).skill.model, model("phi"));
    world.skills.patch(&world.owner, id, patch(Some(None))).await.unwrap();
    assert_eq!(world.listed(id).skill.model, None);
    for wrong in ["", "  ", "a\nb", &"x".repeat(201)] {
        assert_eq!(SkillModel::parse(wrong).unwrap_err().field, "model", "{wrong:?}");
    }
}

#[tokio::test]
async fn an_owner_has_so_many_addresses_called_however_they_are_named() {
    let world = World::probing(ProbePolicy { per_owner: Quota::per_hour(3), per_host: None });
    let id = world.skills.register(&world.owner, unsaid("Films")).await.unwrap().skill.id;
    world.skills.check(&world.owner, id).await.unwrap();
    world.skills.replace(&world.owner, id, at("http://moved.example")).await.unwrap();
    let probes = world.prober.probed().len();
    let wait = SignedDuration::from_mins(20);
    match world.skills.register(&world.owner, unsaid("Songs")).await {
        Err(RegisterError::Limited(LimitError::TooMany(error))) => assert_eq!(error.retry_after, wait),
        other => panic!("{:?}", other.err()),
    }
    let moved = world.skills.replace(&world.owner, id, at("http://elsewhere.example")).await;
    assert!(matches!(moved, Err(EditError::Limited(_))));
    let checked = world.skills.check(&world.owner, id).await;
    assert!(matches!(checked, Err(CheckError::Limited(_))));
    assert_eq!(world.prober.probed().len(), probes, "nothing was called");
    assert_eq!(world.listed(id).skill.address.url(), "http://moved.example", "nothing was changed");
    // What calls nobody goes on, and so do others.
    world.skills.register(&world.owner, fields("Songs")).await.unwrap();
    world.skills.register(&world.other, unsaid("Books")).await.unwrap();
    world.clock.advance(wait);
    world.skills.check(&world.owner, id).await.unwrap();
}

#[tokio::test]
async fn a_host_is_called_so_often_whoever_has_it_called() {
    let world = World::probing(ProbePolicy { per_owner: None, per_host: Quota::per_hour(2) });
    let at = |name, address: &str| SkillFields { url: url(address), ..unsaid(name) };
    let films = world.skills.register(&world.owner, at("Films", "http://victim.example/a")).await.unwrap();
    world.skills.register(&world.other, at("Songs", "https://VICTIM.example:8443/b")).await.unwrap();
    let third = world.skills.register(&world.other, at("Books", "http://victim.example./c")).await;
    assert!(matches!(third, Err(RegisterError::Limited(_))));
    let checked = world.skills.check(&world.owner, films.skill.id).await;
    assert!(matches!(checked, Err(CheckError::Limited(_))));
    world.skills.register(&world.other, at("Books", "http://other.example")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_checks_at_once_exactly_as_many_are_made_as_the_budget_holds() {
    let world = World::probing(ProbePolicy { per_owner: Quota::per_hour(5), per_host: Quota::per_hour(50) });
    let id = world.registered("Films").await;
    let checks = (0..32).map(|_| {
        let (skills, owner) = (world.skills.clone(), world.owner.clone());
        tokio::spawn(async move { skills.check(&owner, id).await.is_ok() })
    });
    let mut made = 0;
    for check in checks.collect::<Vec<_>>() {
        made += u32::from(check.await.unwrap());
    }
    assert_eq!(made, 5);
}
