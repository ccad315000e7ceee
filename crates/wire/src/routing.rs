use crate::answer::rounded;
use crate::{FallbackFrom, NearestSkill};
use serde::{Deserialize, Serialize};
use square_routing::{Choice, Example, LeftOut};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which skills a question goes to, and why not to others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoutingView {
    /// The selector that ranked the skills.
    #[schema(example = "Square")]
    pub selector: String,
    /// The selector that was to rank them and could not, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_from: Option<FallbackFrom>,
    /// How many skills there were to choose from.
    pub candidates: u32,
    /// The score that a skill needed to be asked.
    #[schema(example = 0.3)]
    pub least_score: f64,
    /// The skills that are asked, best first. Empty when none fits.
    pub chosen: Vec<RoutedSkill>,
    /// The first of the others: those that could not be asked at all, then by falling score. At most 50 in a dry run, at
    /// most 5 are kept with a question.
    pub left_out: Vec<LeftOutSkill>,
    /// The skill that came nearest, where none is asked: none fits well enough, or those that do were asked as often as they may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearestSkill>,
}

/// A skill that is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoutedSkill {
    /// Its name.
    #[schema(example = "Casting")]
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// The probability that it fits, 0 to 1.
    #[schema(example = 0.9312)]
    pub score: f64,
    /// Up to three of its example questions that are most like the question, where the selector knows any.
    pub examples: Vec<ExampleQuestion>,
}

/// A skill that is not asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeftOutSkill {
    /// Its name, or what the asker called it.
    pub name: String,
    /// The skill; `null` where what the asker called it leads to none.
    pub skill_id: Option<Uuid>,
    /// The probability that it fits, 0 to 1; `null` where the selector was not asked or does not know it.
    pub score: Option<f64>,
    /// Why: `score` (it fits too badly), `maximum` (enough others fit better), `unranked` (the selector knows nothing of it),
    /// `unpublished`, `not_allowed` (there is no such skill, or it is not yours to ask), `breaker_open` (it failed so often
    /// of late that it is left alone for a while), `rate_limited` (it was asked as often as it may be for now).
    #[schema(example = "score")]
    pub reason: String,
    /// Up to three of its example questions that are most like the question, where the selector knows any.
    pub examples: Vec<ExampleQuestion>,
}

/// An example question of a skill, beside the one that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExampleQuestion {
    /// What it says; shortened beyond 200 characters.
    pub text: String,
    /// How alike the two are, 0 to 1.
    pub similarity: f64,
}

impl From<&Choice> for RoutingView {
    fn from(choice: &Choice) -> Self {
        let mut examples = choice.examples.iter().map(|examples| shown(examples));
        let chosen = choice.chosen.iter().map(|chosen| RoutedSkill {
            name: chosen.name.clone(),
            skill_id: chosen.skill.uuid(),
            score: rounded(chosen.score.into()),
            examples: examples.next().unwrap_or_default(),
        });
        Self {
            selector: choice.selector.clone(),
            fallback_from: choice.fallback_from.as_ref().map(FallbackFrom::from),
            candidates: choice.candidates,
            least_score: rounded(choice.least_score.into()),
            chosen: chosen.collect(),
            left_out: choice.left_out.iter().map(LeftOutSkill::from).collect(),
            nearest: choice.nearest.as_ref().map(NearestSkill::from),
        }
    }
}

impl From<&LeftOut> for LeftOutSkill {
    fn from(left_out: &LeftOut) -> Self {
        Self {
            name: left_out.name.clone(),
            skill_id: left_out.skill.map(square_kernel::SkillId::uuid),
            score: left_out.score.map(|score| rounded(score.into())),
            reason: left_out.reason.as_str().to_owned(),
            examples: shown(&left_out.examples),
        }
    }
}

fn shown(examples: &[Example]) -> Vec<ExampleQuestion> {
    let shown = |example: &Example| ExampleQuestion {
        text: example.text.clone(),
        similarity: rounded(example.similarity.into()),
    };
    examples.iter().map(shown).collect()
}
