//! The rules that every [`SkillStore`] keeps, one function each, and those of every
//! [`ModelStore`](crate::ports::ModelStore) and [`ProposalStore`](crate::ports::ProposalStore). [`skill_store_contract!`],
//! [`model_store_contract!`](crate::model_store_contract) and [`proposal_store_contract!`](crate::proposal_store_contract) make a test of
//! every one.
//!
//! [`skill_store_contract!`]: crate::skill_store_contract

mod models;
mod proposals;
mod races;
mod skills;
mod texts;
mod trainings;

pub use models::*;
pub use proposals::*;
pub use races::*;
pub use skills::*;
pub use texts::*;
pub use trainings::*;

use crate::ports::{SkillStore, Written};
use crate::training::{Failures, TrainingId, TrainingSet, TrainingState};
use crate::{
    Measured, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillModel, SkillName, SkillUrl,
};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{OsRandomness, Sealed, SkillId, SystemClock, UserId};
use std::sync::Arc;

/// Makes a test of every rule. `$make` is an async function that gives an empty store behind a pointer, the
/// id of an existing account that may own skills, and whatever must live as long as the store:
///
/// ```text
/// square_skills::skill_store_contract!(make);
/// async fn make() -> (Arc<SqliteSkills>, UserId, TempDir) { … }
/// ```
#[macro_export]
macro_rules! skill_store_contract {
    ($make:path) => {
        $crate::skill_store_contract!($make;
            nobody_unknown_may_own,
            what_is_inserted_is_found,
            a_name_is_taken_in_any_case,
            of_parallel_inserts_of_one_name_one_wins,
            an_owner_has_so_many_skills_and_no_more,
            an_update_replaces_what_the_owner_says,
            an_update_keeps_what_publishing_made,
            an_update_to_a_taken_name_changes_nothing,
            a_skill_may_change_the_case_of_its_name,
            a_name_given_up_is_free,
            of_parallel_updates_one_wins,
            nothing_gone_is_updated,
            who_is_not_signed_in_any_more_changes_nothing,
            deleting_takes_trainings_along,
            all_are_listed_oldest_first,
            nothing_gone_is_trained,
            examples_keep_their_order,
            a_running_training_is_the_newest_one,
            publishing_keeps_samples_and_examples,
            publishing_anew_replaces_the_examples,
            a_failed_training_leaves_the_skill_as_it_was,
            a_training_is_finished_once,
            a_superseded_training_comes_to_nothing,
            a_training_does_not_outlive_unpublishing,
            a_training_does_not_outlive_the_skill,
            unpublishing_forgets_everything_learnt,
            running_trainings_come_oldest_first,
            of_parallel_finishes_one_wins,
            of_parallel_renamings_to_one_name_one_wins,
            of_parallel_deletions_one_wins,
            of_parallel_trainings_one_is_left,
            what_happens_at_once_leaves_a_skill_of_one_piece,
            nothing_that_happens_beside_a_deletion_is_left,
            letters_of_every_script_come_back_as_they_were,
            names_that_differ_in_one_letter_are_different_names,
            examples_may_hold_any_character,
            the_largest_files_are_stored,
            moments_keep_their_microseconds,
        );
    };
    ($make:path; $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (store, owner, _keep) = $make().await;
                $crate::testing::contract::$rule(&*store, owner).await;
            }
        )*
    };
}

/// A moment, `seconds` after the others of a rule.
fn at(seconds: i64) -> Timestamp {
    Timestamp::constant(1_767_225_600, 0) + SignedDuration::from_secs(seconds)
}

fn skill(owner: UserId, name: &str) -> RegisteredSkill {
    RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse(name).unwrap(),
        description: SkillDescription::parse("Knows films, „Heat“ among them.").unwrap(),
        address: SkillAddress::Remote {
            url: SkillUrl::parse("https://films.example/api").unwrap(),
            protocol: Protocol::Square2,
        },
        secret: Some(Sealed(vec![0, 1, 255])),
        signing: Some(Sealed(vec![7, 0, 254])),
        model: Some(SkillModel::parse("größeres Modell").unwrap()),
        published: false,
        samples: Arc::default(),
        created_at: at(0),
        updated_at: at(0),
    }
}

async fn inserted(store: &dyn SkillStore, owner: UserId, name: &str) -> RegisteredSkill {
    let skill = skill(owner, name);
    assert_eq!(store.insert(&skill, None, None).await.unwrap(), Written::Done);
    skill
}

fn examples(prefix: &str) -> TrainingSet {
    let numbered = |kind: &str| (1..=7).map(|n| format!("{prefix} {kind} {n}?")).collect();
    TrainingSet { train: numbered("train"), dev: numbered("dev") }
}

async fn begun(store: &dyn SkillStore, skill: SkillId, prefix: &str, when: Timestamp) -> TrainingId {
    let id = TrainingId::new(&SystemClock, &OsRandomness);
    assert_eq!(store.begin_training(id, skill, &examples(prefix), when, None).await.unwrap(), Written::Done);
    id
}

fn published() -> TrainingState {
    let measured = Measured {
        top1: 0.875,
        top3: Some(1.0),
        in_scope_at_threshold: Some(0.75),
        ece: Some(0.0),
        train_ms: Some(12.5),
        p50_us: Some(30.25),
        p99_us: Some(1e6),
        model_bytes: Some(1 << 40),
        skills: Some(2),
        examples: Some(0),
    };
    let partly = Measured { top3: Some(0.5), ..Measured::from(0.25) };
    let measured = [("Square", measured), ("Other", 1.0.into()), ("Third", partly)];
    TrainingState::Published {
        accuracy: measured.map(|(name, measured)| (name.to_owned(), measured)).into(),
        failures: Failures::from([("Away".into(), "it cannot be reached".into())]),
    }
}

fn failed() -> TrainingState {
    TrainingState::Failed { reason: "too few questions".into() }
}

async fn stored(store: &dyn SkillStore, id: SkillId) -> RegisteredSkill {
    store.find(id).await.unwrap().unwrap()
}

async fn running(store: &dyn SkillStore) -> Vec<TrainingId> {
    store.running_trainings().await.unwrap().into_iter().map(|training| training.id).collect()
}
