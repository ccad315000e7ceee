//! What this crate needs from outside.

pub use crate::proposals::{Accepted, EndedCheck, PendingCheck, ProposalStore};

use crate::training::{TrainingId, TrainingRecord, TrainingSet, TrainingState};
use crate::{CheckReport, ExamplesVersion, KeptModel, Measured, Protocol, RegisteredSkill, Skill, SkillUrl};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Caller, FieldError, Secret, SkillId, Unavailable, UserId};
use std::sync::Arc;

/// What became of writing a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Done,
    /// Another skill has this name (compared by [`crate::SkillName::key`]); nothing was stored.
    NameTaken,
    /// Its owner has as many as they may; nothing was stored.
    TooMany,
    /// There is no such skill any more; nothing was stored.
    Gone,
    /// It is not as it was when the change was made up; nothing was stored.
    Changed,
    /// Who asks is signed in no more, or not as they were; nothing was stored.
    Overtaken,
}

/// Keeps registered skills, their trainings and example questions. Each method is one transaction.
#[async_trait]
pub trait SkillStore: Send + Sync {
    /// Whether `user` may own skills: an active account whose address is confirmed.
    async fn may_own(&self, user: UserId) -> Result<bool, Unavailable>;

    /// Adds a skill. MUST return `NameTaken` when the name is in use and `TooMany` when its owner has `at_most` already, both also
    /// under concurrency; never `Gone`; `Overtaken` where `by` is somebody who does not hold what they asked with any more, as it is
    /// when the skill is stored.
    async fn insert(
        &self,
        skill: &RegisteredSkill,
        by: Option<Caller>,
        at_most: Option<u32>,
    ) -> Result<Written, Unavailable>;

    /// Replaces name, description, address, secret, signing key, model and `updated_at` of the skill with this id; whether it is
    /// published, its samples and its owner stay as they are stored. MUST return `Changed` when the stored
    /// `updated_at` is not `seen` any more, also under concurrency, so that no other change is lost; `Overtaken` as for
    /// [`SkillStore::insert`].
    async fn update(
        &self,
        skill: &RegisteredSkill,
        seen: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable>;

    /// Removes the skill with its trainings and examples. `false` when there is none.
    async fn delete(&self, id: SkillId) -> Result<bool, Unavailable>;

    /// One skill.
    async fn find(&self, id: SkillId) -> Result<Option<RegisteredSkill>, Unavailable>;

    /// All skills, published or not, oldest first.
    async fn all(&self) -> Result<Vec<RegisteredSkill>, Unavailable>;

    /// Stores a training as `Running` with its examples. A training of the same skill that was running is
    /// superseded: its `finish_training` will find nothing. The examples of the training that the skill is
    /// published with stay. `Gone` when the skill is gone, `Overtaken` as for [`SkillStore::insert`]; then nothing is stored.
    async fn begin_training(
        &self,
        id: TrainingId,
        skill: SkillId,
        examples: &TrainingSet,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable>;

    /// Ends a training that is still the newest of its skill and running.
    ///
    /// With `Published`, the skill becomes published with the examples of this training, its samples are the
    /// first [`RegisteredSkill::SAMPLES`] of them, `updated_at` is `at`, and the examples of earlier trainings
    /// are deleted. With `Failed`, the examples of this training are deleted and the skill stays as it was.
    /// MUST change nothing and return `None` when the training was superseded or its skill is gone or was
    /// unpublished meanwhile; otherwise the skill as it is now.
    async fn finish_training(
        &self,
        id: TrainingId,
        state: &TrainingState,
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable>;

    /// Unpublishes, deletes every example and training of the skill. The skill as it is now; `None` when gone.
    async fn unpublish(&self, skill: SkillId, at: Timestamp) -> Result<Option<RegisteredSkill>, Unavailable>;

    /// The newest training of a skill.
    async fn training(&self, skill: SkillId) -> Result<Option<TrainingRecord>, Unavailable>;

    /// The examples of one training, in the order they were given.
    async fn examples(&self, training: TrainingId) -> Result<Option<TrainingSet>, Unavailable>;

    /// Trainings that are `Running`, oldest first: what waits, also from a process that died. MUST NOT hold
    /// superseded ones, so at most one a skill.
    async fn running_trainings(&self) -> Result<Vec<TrainingRecord>, Unavailable>;

    /// The examples that a skill is published with; `None` where it is not.
    async fn examples_of_published(&self, skill: SkillId) -> Result<Option<TrainingSet>, Unavailable>;

    /// For every published skill the questions it was published with.
    async fn published_examples(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable>;
}

/// Keeps what selectors learnt over a restart. What is lost can be learnt again.
#[async_trait]
pub trait ModelStore: Send + Sync {
    /// What was kept last for the selector of this name. MUST be whole, as it was given, or `None`.
    async fn kept_model(&self, selector: &str) -> Result<Option<KeptModel>, Unavailable>;

    /// The examples that what was kept last was made from.
    async fn kept_version(&self, selector: &str) -> Result<Option<ExamplesVersion>, Unavailable>;

    /// Keeps a model in place of what was kept before, also under concurrency: of several at once one is left whole.
    async fn keep_model(&self, selector: &str, model: &KeptModel, at: Timestamp) -> Result<(), Unavailable>;
}

/// Makes what answers out of what was registered.
pub trait Connector: Send + Sync {
    /// Never fails: what cannot be connected to answers with a failure.
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill>;

    /// Grows with every change of [`Skill::outage`] of what it has connected.
    fn outages(&self) -> u64 {
        0
    }
}

/// Finds out what a remote skill is like, by calling it.
#[async_trait]
pub trait SkillProber: Send + Sync {
    /// The protocol that is spoken at this address; `None` where nothing that is known is. `secret` is what the skill
    /// wants to see. MUST end within seconds and MUST NOT call an address that skills may not have.
    async fn detect(&self, url: &SkillUrl, secret: Option<&Secret>) -> Option<Protocol>;

    /// Asks a remote skill a question of no matter and tells step by step how that went. MUST NOT call an address that
    /// skills may not have.
    async fn inspect(&self, skill: &RegisteredSkill) -> CheckReport;
}

/// Says which addresses skills may have.
#[async_trait]
pub trait AddressGuard: Send + Sync {
    /// An error for the field `url` when this server may not call the address.
    async fn check(&self, url: &SkillUrl) -> Result<(), FieldError>;
}

/// Learning came to nothing; the text is fit for the skill's owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LearningFailed(pub String);

/// A selector as the one who publishes skills sees it: it learns and forgets skills.
///
/// Learning MUST NOT hold up questions: they are routed by what was known before until the new knowledge is
/// swapped in whole. What is outside and takes too long for a training is dropped in the midst of learning or measuring, and
/// taught again later.
#[async_trait]
pub trait Learner: Send + Sync {
    /// The selector's name.
    fn name(&self) -> &str;

    /// Whether it needs somebody outside of this process to learn. No skill stays unpublished for its sake, and what it fails
    /// to learn it is taught later.
    fn is_outside(&self) -> bool {
        false
    }

    /// Whether what it learns is kept outside, once for all instances. It is then taught by one instance only.
    fn is_shared(&self) -> bool {
        self.is_outside()
    }

    /// Knows exactly these skills from then on. One that is outside is asked for this now and then, also where nothing has
    /// changed.
    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed>;

    /// Learns one skill, replacing what was known of it. `progress` is told numbers from 0 to 1.
    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed>;

    /// Forgets one skill; nothing happens when it was not known.
    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed>;

    /// What it learnt, to be kept for the next start. `None` where learning anew is as good.
    async fn keep(&self) -> Result<Option<KeptModel>, LearningFailed> {
        Ok(None)
    }

    /// Takes up what [`Learner::keep`] gave, instead of learning `skills`, from which it was made, all anew. `false`
    /// when it is of no use (it was made from others or by another version of this program, it is damaged); then MUST NOT have
    /// changed what it knows.
    async fn take_up(&self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let _ = (skills, kept);
        false
    }

    /// Another selector of the same kind that knows nothing yet, to try examples on. `None` where there can be none, as of those
    /// whose knowledge is outside.
    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        None
    }

    /// The share, 0 to 1, of `questions` for which the skill comes first among all known ones.
    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed>;

    /// The same with whatever else this selector can say of itself.
    async fn measure(&self, skill: SkillId, questions: &[String]) -> Result<Measured, LearningFailed> {
        self.accuracy(skill, questions).await.map(Measured::from)
    }
}
