use super::{at, begun, examples, inserted, published, running, skill, stored};
use crate::ports::{SkillStore, Written};
use crate::{
    BuiltinName, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillName, SkillUrl, TrainingId,
};
use square_kernel::{Caller, OsRandomness, Sealed, SessionId, SkillId, SystemClock, UserId};

/// An account that does not exist may not own skills; the one given may.
pub async fn nobody_unknown_may_own(store: &dyn SkillStore, owner: UserId) {
    assert!(store.may_own(owner).await.unwrap());
    let unknown = UserId::new(&SystemClock, &OsRandomness);
    assert!(!store.may_own(unknown).await.unwrap());
}

/// Every field comes back, of remote and of built-in skills.
pub async fn what_is_inserted_is_found(store: &dyn SkillStore, owner: UserId) {
    let remote = inserted(store, owner, "Films").await;
    let mut part = skill(owner, "Casting");
    part.address = SkillAddress::Builtin(BuiltinName::new("casting"));
    part.secret = None;
    part.signing = None;
    part.model = None;
    assert_eq!(store.insert(&part, None, None).await.unwrap(), Written::Done);

    assert_eq!(store.find(remote.id).await.unwrap(), Some(remote));
    assert_eq!(store.find(part.id).await.unwrap(), Some(part));
    assert_eq!(store.find(SkillId::new(&SystemClock, &OsRandomness)).await.unwrap(), None);
}

/// Names that differ only in case, also outside ASCII, are the same name.
pub async fn a_name_is_taken_in_any_case(store: &dyn SkillStore, owner: UserId) {
    let first = inserted(store, owner, "Übersetzer").await;
    let second = skill(owner, "üBERSETZER");
    assert_eq!(store.insert(&second, None, None).await.unwrap(), Written::NameTaken);
    assert_eq!(store.all().await.unwrap(), [first]);
}

/// Of 32 parallel inserts of one name, one wins and the others are told that it is taken.
pub async fn of_parallel_inserts_of_one_name_one_wins(store: &dyn SkillStore, owner: UserId) {
    let skills: Vec<_> = (0..32).map(|_| skill(owner, "Films")).collect();
    let outcomes =
        futures::future::join_all(skills.iter().map(|skill| store.insert(skill, None, None))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::NameTaken).count(), 31);
    assert_eq!(store.all().await.unwrap().len(), 1);
}

/// Of 32 parallel inserts as many succeed as the owner may have; others may have as many, and room that is made can be taken.
pub async fn an_owner_has_so_many_skills_and_no_more(store: &dyn SkillStore, owner: UserId) {
    let (most, before) = (Some(5), inserted(store, owner, "Films").await);
    let skills: Vec<_> = (0..32).map(|number| skill(owner, &format!("Skill {number}"))).collect();
    let outcomes =
        futures::future::join_all(skills.iter().map(|skill| store.insert(skill, None, most))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::Done).count(), 4);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Written::TooMany).count(), 28);
    assert_eq!(store.all().await.unwrap().len(), 5);
    assert!(store.delete(before.id).await.unwrap());
    let more = ["Songs", "Books"].map(|name| skill(owner, name));
    assert_eq!(store.insert(&more[0], None, most).await.unwrap(), Written::Done);
    assert_eq!(store.insert(&more[1], None, most).await.unwrap(), Written::TooMany);
    assert_eq!(store.insert(&more[1], None, None).await.unwrap(), Written::Done);
}

/// Name, description, address, secret, signing key, model and `updated_at` are replaced; owner and `created_at` are not.
pub async fn an_update_replaces_what_the_owner_says(store: &dyn SkillStore, owner: UserId) {
    let before = inserted(store, owner, "Films").await;
    let mut after = before.clone();
    after.name = SkillName::parse("Movies").unwrap();
    after.description = SkillDescription::default();
    after.address = SkillAddress::Remote {
        url: SkillUrl::parse("http://movies.example").unwrap(),
        protocol: Protocol::A2a,
    };
    after.secret = None;
    after.signing = Some(Sealed(vec![9]));
    after.model = None;
    after.updated_at = at(9);
    let mut written = after.clone();
    written.created_at = at(5);
    assert_eq!(store.update(&written, before.updated_at, None).await.unwrap(), Written::Done);
    assert_eq!(stored(store, before.id).await, after);
}

/// An update written by somebody who did not see the skill published leaves it so, with its samples.
pub async fn an_update_keeps_what_publishing_made(store: &dyn SkillStore, owner: UserId) {
    let mut skill = inserted(store, owner, "Films").await;
    let training = begun(store, skill.id, "a", at(1)).await;
    let shown = store.finish_training(training, &published(), at(2)).await.unwrap().unwrap();
    skill.name = SkillName::parse("Movies").unwrap();
    skill.updated_at = at(3);
    assert_eq!(store.update(&skill, shown.updated_at, None).await.unwrap(), Written::Done);

    let after = stored(store, skill.id).await;
    assert!(after.published);
    assert_eq!(after.samples, shown.samples);
    assert_eq!(after.name.as_str(), "Movies");
}

/// Taking another skill's name fails and changes nothing.
pub async fn an_update_to_a_taken_name_changes_nothing(store: &dyn SkillStore, owner: UserId) {
    inserted(store, owner, "Films").await;
    let before = inserted(store, owner, "Songs").await;
    let mut after = before.clone();
    after.name = SkillName::parse("FILMS").unwrap();
    after.description = SkillDescription::default();
    assert_eq!(store.update(&after, before.updated_at, None).await.unwrap(), Written::NameTaken);
    assert_eq!(stored(store, before.id).await, before);
}

/// A skill is not in its own way.
pub async fn a_skill_may_change_the_case_of_its_name(store: &dyn SkillStore, owner: UserId) {
    let mut skill = inserted(store, owner, "Films").await;
    skill.name = SkillName::parse("FILMS").unwrap();
    assert_eq!(store.update(&skill, skill.updated_at, None).await.unwrap(), Written::Done);
    assert_eq!(stored(store, skill.id).await.name.as_str(), "FILMS");
}

/// A renamed and a deleted skill leave their names to others.
pub async fn a_name_given_up_is_free(store: &dyn SkillStore, owner: UserId) {
    let mut renamed = inserted(store, owner, "Films").await;
    renamed.name = SkillName::parse("Movies").unwrap();
    assert_eq!(store.update(&renamed, renamed.updated_at, None).await.unwrap(), Written::Done);
    let deleted = inserted(store, owner, "Films").await;
    assert!(store.delete(deleted.id).await.unwrap());
    inserted(store, owner, "Films").await;
}

/// Of many updates made up from one form of a skill one is stored, and the others are told.
pub async fn of_parallel_updates_one_wins(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let updates = (0..32).map(|number| {
        let mut update = skill.clone();
        update.description = SkillDescription::parse(&format!("number {number}")).unwrap();
        update.updated_at = at(10 + number);
        async move { (store.update(&update, skill.updated_at, None).await.unwrap(), update) }
    });
    let outcomes = futures::future::join_all(updates).await;
    let done: Vec<_> = outcomes.iter().filter(|(written, _)| *written == Written::Done).collect();
    assert_eq!(done.len(), 1);
    assert!(outcomes.iter().all(|(written, _)| matches!(written, Written::Done | Written::Changed)));
    assert_eq!(stored(store, skill.id).await, done[0].1);
}

/// A skill that is not there is not made by an update.
pub async fn nothing_gone_is_updated(store: &dyn SkillStore, owner: UserId) {
    let unknown = skill(owner, "Films");
    assert_eq!(store.update(&unknown, unknown.updated_at, None).await.unwrap(), Written::Gone);
    assert_eq!(store.all().await.unwrap(), []);
}

/// However good their token looked when the request came in.
pub async fn who_is_not_signed_in_any_more_changes_nothing(store: &dyn SkillStore, owner: UserId) {
    let films = inserted(store, owner, "Films").await;
    // In no session that there is.
    let stranger = UserId::new(&SystemClock, &OsRandomness);
    let session = SessionId::new(&SystemClock, &OsRandomness);
    let by = Some(Caller { user: stranger, session, rights: 0 });
    assert_eq!(store.insert(&skill(owner, "Songs"), by, None).await.unwrap(), Written::Overtaken);
    let renamed =
        RegisteredSkill { name: SkillName::parse("Movies").unwrap(), updated_at: at(1), ..films.clone() };
    assert_eq!(store.update(&renamed, films.updated_at, by).await.unwrap(), Written::Overtaken);
    let training = TrainingId::new(&SystemClock, &OsRandomness);
    let begun = store.begin_training(training, films.id, &examples("a"), at(1), by).await;
    assert_eq!(begun.unwrap(), Written::Overtaken);
    assert_eq!(store.all().await.unwrap(), [films]);
    assert_eq!(running(store).await, []);
}

/// With a skill go its trainings and examples; what is gone cannot be deleted.
pub async fn deleting_takes_trainings_along(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let first = begun(store, skill.id, "a", at(1)).await;
    store.finish_training(first, &published(), at(2)).await.unwrap().unwrap();
    let second = begun(store, skill.id, "b", at(3)).await;

    assert!(store.delete(skill.id).await.unwrap());
    assert!(!store.delete(skill.id).await.unwrap());
    assert_eq!(store.find(skill.id).await.unwrap(), None);
    assert_eq!(store.training(skill.id).await.unwrap(), None);
    assert_eq!(store.examples(first).await.unwrap(), None);
    assert_eq!(store.examples(second).await.unwrap(), None);
    assert_eq!(running(store).await, []);
    assert_eq!(store.published_examples().await.unwrap(), []);
}

/// Skills are listed in the order of their identifiers, which is that of registration.
pub async fn all_are_listed_oldest_first(store: &dyn SkillStore, owner: UserId) {
    let mut skills: Vec<_> = ["b", "c", "a"].map(|name| skill(owner, name)).into();
    skills.sort_by_key(|skill| skill.id);
    for skill in skills.iter().rev() {
        assert_eq!(store.insert(skill, None, None).await.unwrap(), Written::Done);
    }
    assert_eq!(store.all().await.unwrap(), skills);
}
