use serde::{Deserialize, Serialize};
use square_kernel::SkillId;
use square_skills::{Failures, TrainingProgress, TrainingState};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How something that is done to a skill goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The skill.
    pub id: Uuid,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// How far it is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// `true` in the last message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<bool>,
    /// Why it came to nothing, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// After a training: for each selector the share of the `dev_file` questions, 0 to 1, for which it ranked
    /// the skill first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<BTreeMap<String, f64>>,
    /// After a training: why selectors outside of the server have not learnt the skill yet, by their names. They do later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Failures>,
}

impl Progress {
    /// Something that was begun.
    pub fn said(skill: SkillId, msg: impl Into<String>) -> Self {
        Self { id: skill.uuid(), msg: Some(msg.into()), ..Self::default() }
    }

    /// Something that is done.
    pub fn finished(skill: SkillId, msg: impl Into<String>) -> Self {
        Self { finished: Some(true), ..Self::said(skill, msg) }
    }

    /// How a training stands.
    pub fn of_training(skill: SkillId, training: TrainingProgress) -> Self {
        match training.state {
            TrainingState::Running => {
                Self { id: skill.uuid(), progress: Some(rounded(training.done)), ..Self::default() }
            }
            TrainingState::Published { accuracy, failures } => Self {
                progress: Some(1.0),
                accuracy: Some(accuracy.into_iter().map(|(selector, of)| (selector, of.top1)).collect()),
                failures: (!failures.is_empty()).then_some(failures),
                ..Self::finished(skill, "The skill is published")
            },
            TrainingState::Failed { reason } => {
                Self { id: skill.uuid(), finished: Some(true), error: Some(reason), ..Self::default() }
            }
        }
    }
}

/// Two decimals; more would claim a precision that nobody has.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 100.0).round() / 100.0
}
