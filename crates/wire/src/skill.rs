use serde::{Deserialize, Serialize};
use square_skills::{Health, RegisteredSkill, TrainingRecord, TrainingState};
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
    /// How to talk to it: `square`, `square2` or `builtin`.
    #[schema(example = "square")]
    pub protocol: String,
    /// What the last regular ping told: `unknown`, `up` or `down`.
    #[schema(example = "up")]
    pub health: String,
    /// The first few questions it was published with.
    pub examples: Vec<String>,
    /// When it was registered, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last changed, published or unpublished, RFC 3339.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

impl Skill {
    /// A skill with what the last ping told.
    pub fn new(skill: &RegisteredSkill, health: Health) -> Self {
        Self {
            id: skill.id.uuid(),
            name: skill.name.as_str().to_owned(),
            owner_id: skill.owner.uuid(),
            is_published: skill.published,
            url: skill.address.url(),
            description: skill.description.as_str().to_owned(),
            protocol: skill.address.protocol().to_owned(),
            health: health.as_str().to_owned(),
            examples: skill.samples.to_vec(),
            created_at: skill.created_at.to_string(),
            updated_at: skill.updated_at.to_string(),
        }
    }
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
