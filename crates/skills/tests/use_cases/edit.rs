use crate::world::{REFUSED, World, examples, fields, name, url};
use jiff::SignedDuration;
use square_kernel::{Asker, Clock, Secret};
use square_skills::{
    BuiltinName, EditError, Health, OwnerError, Protocol, RegisterError, SkillDescription, SkillPatch,
};

#[tokio::test]
async fn replacing_changes_all_that_is_shown_and_keeps_the_secret_that_is_not() {
    let world = World::new();
    let id = world.registered("Films").await;
    let before = world.listed(id).skill.clone();
    world.clock.advance(SignedDuration::from_secs(1));
    let mut replacement = fields("Movies");
    replacement.protocol = Some(Protocol::Square2);
    replacement.description = SkillDescription::default();
    replacement.secret = None;

    let after = world.skills.replace(&world.owner, id, replacement).await.unwrap().skill.clone();
    assert_eq!(after.name.as_str(), "Movies");
    assert_eq!((after.address.url(), after.address.protocol()), ("http://movies.example".into(), "square2"));
    assert_eq!(after.description.as_str(), "");
    assert_eq!(after.secret, before.secret);
    assert_eq!((after.created_at, after.updated_at), (before.created_at, world.clock.now()));
    assert_eq!(world.listed(id).skill, after);
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let world = World::new();
    let id = world.registered("Films").await;
    let before = world.listed(id).skill.clone();

    let renamed = SkillPatch { name: Some(name("Movies")), ..SkillPatch::default() };
    let after = world.skills.patch(&world.owner, id, renamed).await.unwrap().skill.clone();
    assert_eq!(after.name.as_str(), "Movies");
    assert_eq!((&after.address, &after.secret), (&before.address, &before.secret));

    let spoken = SkillPatch { protocol: Some(Protocol::Square2), ..SkillPatch::default() };
    let after = world.skills.patch(&world.owner, id, spoken).await.unwrap().skill.clone();
    assert_eq!((after.address.url(), after.address.protocol()), (before.address.url(), "square2"));

    let open = SkillPatch { secret: Some(None), ..SkillPatch::default() };
    assert_eq!(world.skills.patch(&world.owner, id, open).await.unwrap().skill.secret, None);

    let locked = SkillPatch { secret: Some(Some(Secret::new("new"))), ..SkillPatch::default() };
    assert_ne!(world.skills.patch(&world.owner, id, locked).await.unwrap().skill.secret, before.secret);
}

#[tokio::test(start_paused = true)]
async fn behind_a_change_that_hangs_others_do_not_wait_for_ever() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.store.fall_silent();
    let (skills, owner) = (world.skills.clone(), world.owner.clone());
    let hanging = tokio::spawn(async move { skills.patch(&owner, id, SkillPatch::default()).await });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let begun = tokio::time::Instant::now();
    let behind = world.skills.unpublish(&world.owner, id).await;
    assert!(matches!(behind, Err(OwnerError::Unavailable(_))));
    assert_eq!(begun.elapsed(), std::time::Duration::from_secs(3));
    hanging.abort();
}

#[tokio::test]
async fn of_two_concurrent_patches_both_are_kept() {
    let world = World::new();
    let id = world.registered("Films").await;
    let renamed = SkillPatch { name: Some(name("Movies")), ..SkillPatch::default() };
    let moved = SkillPatch { url: Some(url("http://moved.example")), ..SkillPatch::default() };
    let (first, second) = tokio::join!(
        world.skills.patch(&world.owner, id, renamed),
        world.skills.patch(&world.owner, id, moved),
    );
    first.unwrap();
    second.unwrap();
    let after = world.listed(id);
    assert_eq!((after.skill.name.as_str(), &*after.skill.address.url()), ("Movies", "http://moved.example"));
}

#[tokio::test]
async fn only_the_owner_edits_and_others_do_not_learn_of_what_is_unpublished() {
    let world = World::new();
    let hidden = world.registered("Hidden").await;
    let shown = world.published("Shown").await;
    let nobody = Asker::default();
    let edit = |asker, id| world.skills.replace(asker, id, fields("Mine"));
    assert!(matches!(edit(&nobody, shown).await, Err(EditError::SignInRequired)));
    assert!(matches!(edit(&world.other, hidden).await, Err(EditError::NotFound)));
    assert!(matches!(edit(&world.other, shown).await, Err(EditError::NotOwner)));
    let patch = world.skills.patch(&world.other, shown, SkillPatch::default()).await;
    assert!(matches!(patch, Err(EditError::NotOwner)));
    assert_eq!(world.listed(shown).skill.name.as_str(), "Shown");
}

#[tokio::test]
async fn a_taken_name_and_a_refused_address_change_nothing() {
    let world = World::new();
    world.registered("Films").await;
    let id = world.registered("Songs").await;
    let before = world.listed(id).skill.clone();
    let taken = world.skills.replace(&world.owner, id, fields("FILMS")).await;
    assert!(matches!(taken, Err(EditError::NameTaken)));
    let moved = SkillPatch { url: Some(url(REFUSED)), ..SkillPatch::default() };
    let Err(EditError::Invalid(invalid)) = world.skills.patch(&world.owner, id, moved).await else {
        panic!("taken");
    };
    assert_eq!(invalid.0[0].field, "url");
    assert_eq!(world.listed(id).skill, before);
}

#[tokio::test]
async fn a_published_skill_stays_published() {
    let world = World::new();
    let id = world.published("Films").await;
    let after = world.skills.replace(&world.owner, id, fields("Movies")).await.unwrap();
    assert!(after.skill.published);
    assert_eq!(after.skill.samples[..], examples("a").train[..5]);
}

#[tokio::test]
async fn a_built_in_skill_keeps_its_address() {
    let world = World::new();
    let (owner, part) = (world.owner.user().unwrap(), BuiltinName::new("casting"));
    let casting = world.skills.register_builtin(owner, name("Casting"), SkillDescription::default(), part);
    let id = casting.await.unwrap().skill.id;
    let moved = world.skills.replace(&world.owner, id, fields("Casting")).await;
    assert!(matches!(moved, Err(EditError::Invalid(_))));
    let spoken = SkillPatch { protocol: Some(Protocol::Square), ..SkillPatch::default() };
    let spoken = world.skills.patch(&world.owner, id, spoken).await;
    assert!(matches!(spoken, Err(EditError::Invalid(_))));
    let renamed = SkillPatch { name: Some(name("Cast")), ..SkillPatch::default() };
    let renamed = world.skills.patch(&world.owner, id, renamed).await.unwrap();
    assert_eq!(renamed.skill.address.url(), "builtin:casting");
}

#[tokio::test]
async fn what_was_known_of_its_health_goes_when_it_moves() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.directory.set_health(id, Health::Up);
    let renamed = SkillPatch { name: Some(name("Movies")), ..SkillPatch::default() };
    assert_eq!(world.skills.patch(&world.owner, id, renamed).await.unwrap().health, Health::Up);
    let moved = SkillPatch { url: Some(url("http://moved.example")), ..SkillPatch::default() };
    assert_eq!(world.skills.patch(&world.owner, id, moved).await.unwrap().health, Health::Unknown);
}

#[tokio::test]
async fn an_edit_takes_hold_when_the_clock_was_set_back() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.clock.advance(SignedDuration::from_secs(-60));
    let after = world.skills.replace(&world.owner, id, fields("Movies")).await.unwrap();
    assert_eq!(after.skill.name.as_str(), "Movies");
}

#[tokio::test]
async fn an_edit_is_carried_through_when_nobody_waits_for_it() {
    let world = World::new();
    let id = world.registered("Films").await;
    let mut edit = Box::pin(world.skills.replace(&world.owner, id, fields("Movies")));
    assert!(futures::poll!(&mut edit).is_pending());
    drop(edit);
    // The next change waits for the one under way.
    world.registered("Songs").await;
    assert_eq!(world.listed(id).skill.name.as_str(), "Movies");
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_changes_nothing() {
    let world = World::new();
    let id = world.registered("Films").await;
    world.store.end_session(world.owner.identity.as_ref().unwrap().session);
    let registered = world.skills.register(&world.owner, fields("Songs")).await;
    assert!(matches!(registered, Err(RegisterError::Overtaken(_))));
    let replaced = world.skills.replace(&world.owner, id, fields("Movies")).await;
    assert!(matches!(replaced, Err(EditError::Overtaken(_))));
    let patch = SkillPatch { name: Some(name("Movies")), ..SkillPatch::default() };
    let patched = world.skills.patch(&world.owner, id, patch).await;
    assert!(matches!(patched, Err(EditError::Overtaken(_))));
    let trained = world.skills.train(&world.owner, id, examples("a")).await;
    assert!(matches!(trained, Err(OwnerError::Overtaken(_))));
    let rotated = world.skills.rotate_signing_key(&world.owner, id).await;
    assert!(matches!(rotated, Err(EditError::Overtaken(_))));
    assert_eq!(world.listed(id).skill.name, name("Films"));
    assert_eq!(world.directory.snapshot().all().len(), 1);
}
