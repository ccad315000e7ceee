use super::{Addressee, ROUTING_MODEL};
use serde::{Deserialize, Serialize};
use square_skills::Listed;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who owns the model that chooses among skills.
const OWNER: &str = "square";

/// What can be asked for as `model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// What to send as `model`: `square`, or a skill's name.
    #[schema(example = "Casting")]
    pub id: String,
    /// Always `model`.
    #[schema(example = "model")]
    pub object: String,
    /// When it was registered, in Unix seconds; 0 for `square`.
    pub created: i64,
    /// `square`, or the id of the skill's owner.
    pub owned_by: String,
    /// The skill; missing for `square`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub square: Option<ModelSkill>,
}

/// The skill behind a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelSkill {
    /// The skill, which is a `model` too.
    pub skill_id: Uuid,
    /// What it can answer, for people.
    pub description: String,
}

/// Everything that can be asked for as `model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelList {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: String,
    /// `square`, then the published skills, oldest first.
    pub data: Vec<Model>,
}

impl ModelList {
    /// `square` and these skills.
    pub fn of<'a>(skills: impl Iterator<Item = &'a Listed>) -> Self {
        let data = std::iter::once(Model::routing()).chain(skills.map(Model::of)).collect();
        Self { object: "list".to_owned(), data }
    }
}

impl Model {
    /// The model that has skills chosen.
    pub fn routing() -> Self {
        Self {
            id: ROUTING_MODEL.to_owned(),
            object: "model".to_owned(),
            created: 0,
            owned_by: OWNER.to_owned(),
            square: None,
        }
    }

    /// The model that is this skill.
    pub fn of(listed: &Listed) -> Self {
        let skill = &listed.skill;
        let (skill_id, description) = (skill.id.uuid(), skill.description.as_str().to_owned());
        // A skill of that name is asked by its id; the name has another meaning.
        let taken = Addressee::is_routed(skill.name.as_str());
        Self {
            id: if taken { skill.id.to_string() } else { skill.name.to_string() },
            object: "model".to_owned(),
            created: skill.created_at.as_second(),
            owned_by: skill.owner.to_string(),
            square: Some(ModelSkill { skill_id, description }),
        }
    }
}
