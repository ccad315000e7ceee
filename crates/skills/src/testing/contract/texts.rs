use super::{at, inserted, skill, stored};
use crate::ports::{SkillStore, Written};
use crate::training::{Failures, TrainingId, TrainingSet, TrainingState};
use crate::{RegisteredSkill, SkillDescription};
use jiff::SignedDuration;
use square_kernel::{OsRandomness, SystemClock, UserId};

/// Texts come back byte by byte: letters of four bytes, accents of their own, quotes, placeholders of patterns.
pub async fn letters_of_every_script_come_back_as_they_were(store: &dyn SkillStore, owner: UserId) {
    for (number, name) in ["𐐀🦀", "Cafe\u{301}", "%_\\' \"", "北京  大学"].into_iter().enumerate() {
        let description = format!("{name}\n\tsays „{number}“  👩‍🚀");
        let skill = RegisteredSkill {
            description: SkillDescription::parse(&description).unwrap(),
            ..skill(owner, name)
        };
        assert_eq!(store.insert(&skill, None, None).await.unwrap(), Written::Done, "{name}");
        assert_eq!(stored(store, skill.id).await, skill, "{name}");
    }
}

/// An accent or a placeholder of patterns makes another name.
pub async fn names_that_differ_in_one_letter_are_different_names(store: &dyn SkillStore, owner: UserId) {
    for name in ["Cafe", "Café", "Cafe\u{301}", "C_fe", "C%fe", "Straße", "Strasse", "Ca fe"] {
        inserted(store, owner, name).await;
    }
    assert_eq!(store.insert(&skill(owner, "CAFÉ"), None, None).await.unwrap(), Written::NameTaken);
}

/// Nothing of an example is lost on its way, not even what no text of a database may hold.
pub async fn examples_may_hold_any_character(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    let texts: Vec<String> =
        ["\0", "a\0b", "\u{1}\u{7f}\r\n\t", "\u{2028}\u{feff}", "🦀 \\u0000 \\", " 'x' \"y\" ; -- "]
            .map(str::to_owned)
            .into();
    let set = TrainingSet { train: texts.clone().into(), dev: texts.clone().into() };
    let id = TrainingId::new(&SystemClock, &OsRandomness);
    assert_eq!(store.begin_training(id, skill.id, &set, at(1), None).await.unwrap(), Written::Done);
    assert_eq!(store.examples(id).await.unwrap(), Some(set));
    let published = TrainingState::Published {
        accuracy: [("𐐀 \"\\".to_owned(), 0.5.into())].into(),
        failures: [("𐐀".to_owned(), "\"\\ 𐐀".to_owned())].into(),
    };
    let after = store.finish_training(id, &published, at(2)).await.unwrap().unwrap();
    assert_eq!(after.samples[..], texts[..RegisteredSkill::SAMPLES]);
    assert_eq!(stored(store, skill.id).await, after);
    assert_eq!(store.training(skill.id).await.unwrap().unwrap().state, published);
}

/// The largest files that are taken, both at once, and at their worst: what is stored may be several times as long.
pub async fn the_largest_files_are_stored(store: &dyn SkillStore, owner: UserId) {
    let skill = inserted(store, owner, "Films").await;
    for line in ["\"\n".to_owned(), "🦀".repeat(1000) + "\n"] {
        let file = line.repeat(TrainingSet::MAX_FILE_BYTES / line.len());
        let set = TrainingSet::parse(&file, &file).unwrap();
        let id = TrainingId::new(&SystemClock, &OsRandomness);
        assert_eq!(store.begin_training(id, skill.id, &set, at(1), None).await.unwrap(), Written::Done);
        assert!(store.examples(id).await.unwrap() == Some(set.clone()), "they are others");
        let published = TrainingState::Published {
            accuracy: [("Square".to_owned(), 1.0.into())].into(),
            failures: Failures::new(),
        };
        assert!(store.finish_training(id, &published, at(2)).await.unwrap().is_some());
        assert!(store.published_examples().await.unwrap() == [(skill.id, set.train)], "they are others");
    }
}

/// Also where they decide whether a change is the one that was seen.
pub async fn moments_keep_their_microseconds(store: &dyn SkillStore, owner: UserId) {
    let moment = SignedDuration::from_micros(1);
    let seen = at(0) + SignedDuration::from_micros(123_456);
    let before = RegisteredSkill { updated_at: seen, ..skill(owner, "Films") };
    assert_eq!(store.insert(&before, None, None).await.unwrap(), Written::Done);
    let after = RegisteredSkill { updated_at: seen + moment, ..before.clone() };
    for other in [seen - moment, seen + moment] {
        assert_eq!(store.update(&after, other, None).await.unwrap(), Written::Changed);
    }
    assert_eq!(store.update(&after, seen, None).await.unwrap(), Written::Done);
    assert_eq!(stored(store, before.id).await, after);
}
