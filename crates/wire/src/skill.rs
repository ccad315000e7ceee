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
    /// All that was measured on the held-out questions, by the selector's name.
    #[serde(default)]
    pub measured: BTreeMap<String, Measured>,
    /// Why selectors outside of the server have not learnt the skill with this training, or could not be measured, by their
    /// names. They learn it later; until then questions to them are routed by the server's own selector where they fail.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, String>,
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
            TrainingState::Published { accuracy, .. } => ("published", 1.0, accuracy.clone(), None),
            TrainingState::Failed { reason } => ("failed", 1.0, BTreeMap::new(), Some(reason.clone())),
        };
        let failures = match &record.state {
            TrainingState::Published { failures, .. } => failures.clone(),
            TrainingState::Running | TrainingState::Failed { .. } => BTreeMap::new(),
        };
        Self {
            training_id: record.id.uuid(),
            skill_id: record.skill.uuid(),
            state: state.to_owned(),
            progress: rounded(progress),
            accuracy: accuracy.iter().map(|(selector, of)| (selector.clone(), rounded(of.top1))).collect(),
            measured: accuracy.iter().map(|(selector, of)| (selector.clone(), Measured::new(of))).collect(),
            failures,
            error,
            train_examples: record.train_examples,
            dev_examples: record.dev_examples,
            started_at: record.started_at.to_string(),
            finished_at: record.finished_at.map(|at| at.to_string()),
        }
    }
}

/// How well a selector routes the held-out questions of a skill, among all skills it knows: the figures of
/// `square routing eval`. `null` where a selector cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// The share of the questions, 0 to 1, for which the skill came first.
    pub top1: f64,
    /// The share for which it was among the first three.
    pub top3: Option<f64>,
    /// Always `null`: every held-out question is one that the skill fits.
    pub oos_recall: Option<f64>,
    /// The share for which it came first and passed the selector's threshold.
    pub in_scope_at_threshold: Option<f64>,
    /// Always `null`, as `oos_recall`.
    pub oos_auroc: Option<f64>,
    /// How far the best scores are from the share of right ones, on average over ten bands (expected calibration
    /// error).
    pub ece: Option<f64>,
    /// How long learning took, in milliseconds.
    pub train_ms: Option<f64>,
    /// Half of the questions were ranked within so many microseconds.
    pub p50_us: Option<f64>,
    /// 99 of 100 questions were ranked within so many microseconds.
    pub p99_us: Option<f64>,
    /// The memory that what was learnt takes for ranking.
    pub model_bytes: Option<u64>,
    /// How many skills the selector knew.
    pub skills: Option<u64>,
    /// From how many example questions.
    pub examples: Option<u64>,
}

impl Measured {
    fn new(measured: &square_skills::Measured) -> Self {
        Self {
            top1: rounded(measured.top1),
            top3: measured.top3.map(rounded),
            oos_recall: None,
            in_scope_at_threshold: measured.in_scope_at_threshold.map(rounded),
            oos_auroc: None,
            ece: measured.ece.map(rounded),
            train_ms: measured.train_ms.map(rounded),
            p50_us: measured.p50_us.map(rounded),
            p99_us: measured.p99_us.map(rounded),
            model_bytes: measured.model_bytes,
            skills: measured.skills,
            examples: measured.examples,
        }
    }
}

fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
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
