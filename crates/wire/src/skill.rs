use crate::ResultItem;
use serde::{Deserialize, Serialize};
use square_skills::{CheckReport, Listed, Outage, TrainingRecord, TrainingState};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// An answering service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skill {
    /// Its identifier.
    pub id: Uuid,
    /// Its unique name, 1 to 50 characters.
    #[schema(example = "Weather")]
    pub name: String,
    /// Who registered it and alone may change it.
    pub owner_id: Uuid,
    /// Whether questions are routed to it.
    pub is_published: bool,
    /// Where it is; `builtin:` and a name for a part of the server.
    #[schema(example = "https://weather.example.org")]
    pub url: String,
    /// What it can answer, at most 500 characters.
    pub description: String,
    /// How to talk to it: `square`, `square2`, `openai`, `a2a` or `builtin`.
    #[schema(example = "square")]
    pub protocol: String,
    /// The model that it is asked for, where its owner chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the last regular ping told: `unknown`, `up` or `down`.
    #[schema(example = "up")]
    pub health: String,
    /// Why it is not asked at the moment, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// The first few questions it was published with.
    pub examples: Vec<String>,
    /// When it was registered, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last changed, published or unpublished, RFC 3339.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A skill failed so often that it is not asked for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Breaker {
    /// `open`, or `half_open` when the next question is the trial that decides.
    #[schema(example = "open")]
    pub state: String,
    /// What went wrong.
    pub reason: String,
    /// When it is looked at again, RFC 3339; `null` in the state `half_open`.
    #[schema(format = DateTime)]
    pub next_probe_at: Option<String>,
}

impl From<Outage> for Breaker {
    fn from(outage: Outage) -> Self {
        Self {
            state: if outage.next_probe.is_some() { "open" } else { "half_open" }.to_owned(),
            reason: outage.reason.to_string(),
            next_probe_at: outage.next_probe.map(|at| at.to_string()),
        }
    }
}

impl Skill {
    /// A skill with what is known of how it does.
    pub fn new(listed: &Listed) -> Self {
        let skill = &listed.skill;
        Self {
            id: skill.id.uuid(),
            name: skill.name.as_str().to_owned(),
            owner_id: skill.owner.uuid(),
            is_published: skill.published,
            url: skill.address.url(),
            description: skill.description.as_str().to_owned(),
            protocol: skill.address.protocol().to_owned(),
            model: skill.model.as_ref().map(|model| model.as_str().to_owned()),
            health: listed.health.as_str().to_owned(),
            breaker: listed.answers.outage().map(Breaker::from),
            examples: skill.samples.to_vec(),
            created_at: skill.created_at.to_string(),
            updated_at: skill.updated_at.to_string(),
        }
    }
}

/// How a check of a skill went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillCheck {
    /// Whether the skill could answer questions as it is.
    pub ok: bool,
    /// What was looked at, in order, up to the first that is not as it should be.
    pub steps: Vec<SkillCheckStep>,
    /// What the skill answered to the question "Is anybody there?".
    pub results: Vec<ResultItem>,
}

/// One step of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkillCheckStep {
    /// `address`, `connect`, `tls`, `status`, `content_type`, `body`, `json` or `shape`.
    #[schema(example = "status")]
    pub step: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    #[schema(example = "The skill answered with HTTP status 500.")]
    pub message: String,
}

impl From<&CheckReport> for SkillCheck {
    fn from(report: &CheckReport) -> Self {
        let step = |step: &square_skills::CheckStep| SkillCheckStep {
            step: step.stage.as_str().to_owned(),
            ok: step.passed,
            message: step.message.clone(),
        };
        Self {
            ok: report.passed(),
            steps: report.steps.iter().map(step).collect(),
            results: report.results.iter().map(ResultItem::from).collect(),
        }
    }
}

/// A key to verify calls with, shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningSecret {
    /// `whsec_` and the key in base64, as libraries for Standard Webhooks take it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub signing_secret: String,
}

/// How the newest training of a skill stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Training {
    /// The run.
    pub training_id: Uuid,
    /// Whose.
    pub skill_id: Uuid,
    /// `running`, `published` or `failed`.
    #[schema(example = "published")]
    pub state: String,
    /// How far it is, 0 to 1.
    pub progress: f64,
    /// The share of the held-out questions, 0 to 1, for which a selector ranked the skill first, by the
    /// selector's name; empty until it is published.
    pub accuracy: BTreeMap<String, f64>,
    /// Why it failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many questions there are to learn from.
    pub train_examples: u32,
    /// How many are held out to measure with.
    pub dev_examples: u32,
    /// When it was asked for, RFC 3339.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it ended, RFC 3339.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

impl Training {
    /// A training as stored, with how far (0 to 1) it is while it runs.
    pub fn new(record: &TrainingRecord, progress: f32) -> Self {
        let (state, progress, accuracy, error) = match &record.state {
            TrainingState::Running => ("running", f64::from(progress), BTreeMap::new(), None),
            TrainingState::Published { accuracy } => ("published", 1.0, accuracy.clone(), None),
            TrainingState::Failed { reason } => ("failed", 1.0, BTreeMap::new(), Some(reason.clone())),
        };
        let rounded = |share: f64| (share * 1e4).round() / 1e4;
        Self {
            training_id: record.id.uuid(),
            skill_id: record.skill.uuid(),
            state: state.to_owned(),
            progress: rounded(progress),
            accuracy: accuracy.into_iter().map(|(selector, share)| (selector, rounded(share))).collect(),
            error,
            train_examples: record.train_examples,
            dev_examples: record.dev_examples,
            started_at: record.started_at.to_string(),
            finished_at: record.finished_at.map(|at| at.to_string()),
        }
    }
}

/// A selector that questions can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SelectorDescription {
    /// Its name, as questions write it.
    #[schema(example = "Square")]
    pub name: String,
    /// What it does.
    pub description: String,
}
