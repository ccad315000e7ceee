//! How routing decisions are kept: as JSON, in a form of its own. What came later has a default, for questions from before.

use super::stored::StoredSkill;
use serde::{Deserialize, Serialize};
use square_routing::{Choice, Chosen, Example, Exclusion, FallbackFrom, LeftOut};
use std::borrow::Cow;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct StoredChoice<'a> {
    #[serde(borrow)]
    selector: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    fallback_from: Option<StoredFallback<'a>>,
    #[serde(borrow)]
    chosen: Vec<StoredSkill<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    nearest: Option<StoredSkill<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Vec<StoredExample<'a>>>,
    #[serde(default)]
    least_score: f32,
    #[serde(default)]
    candidates: u32,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<StoredLeftOut<'a>>,
    /// Whether the question's numbers begin with the events of its opening.
    #[serde(default)]
    opening: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredFallback<'a> {
    #[serde(borrow)]
    selector: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct StoredExample<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    similarity: f32,
}

#[derive(Serialize, Deserialize)]
struct StoredLeftOut<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    examples: Vec<StoredExample<'a>>,
}

/// The decision as JSON, and whether the question's numbers begin with the events of its opening.
pub(super) fn written(choice: &Choice, opening: bool) -> serde_json::Result<String> {
    serde_json::to_string(&StoredChoice {
        selector: Cow::from(&choice.selector),
        fallback_from: choice.fallback_from.as_ref().map(|from| StoredFallback {
            selector: Cow::from(&from.selector),
            reason: Cow::from(&from.reason),
        }),
        chosen: choice.chosen.iter().map(StoredSkill::from).collect(),
        nearest: choice.nearest.as_ref().map(StoredSkill::from),
        examples: choice.examples.iter().map(|examples| stored(examples)).collect(),
        least_score: choice.least_score,
        candidates: choice.candidates,
        left_out: choice.left_out.iter().map(StoredLeftOut::from).collect(),
        opening,
    })
}

pub(super) fn read(json: &str) -> Result<(Choice, bool), String> {
    let stored: StoredChoice<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let choice = Choice {
        selector: stored.selector.into_owned(),
        fallback_from: stored.fallback_from.map(|from| FallbackFrom {
            selector: from.selector.into_owned(),
            reason: from.reason.into_owned(),
        }),
        chosen: stored.chosen.into_iter().map(Chosen::from).collect(),
        nearest: stored.nearest.map(Chosen::from),
        examples: stored.examples.into_iter().map(examples).collect(),
        least_score: stored.least_score,
        candidates: stored.candidates,
        left_out: stored.left_out.into_iter().map(left_out).collect::<Result<_, _>>()?,
    };
    Ok((choice, stored.opening))
}

fn stored(examples: &[Example]) -> Vec<StoredExample<'_>> {
    examples
        .iter()
        .map(|example| StoredExample { text: Cow::from(&example.text), similarity: example.similarity })
        .collect()
}

fn examples(stored: Vec<StoredExample<'_>>) -> Vec<Example> {
    let example =
        |stored: StoredExample<'_>| Example { text: stored.text.into_owned(), similarity: stored.similarity };
    stored.into_iter().map(example).collect()
}

impl<'a> From<&'a LeftOut> for StoredLeftOut<'a> {
    fn from(left_out: &'a LeftOut) -> Self {
        Self {
            id: left_out.skill.map(square_kernel::SkillId::uuid),
            name: Cow::from(&left_out.name),
            score: left_out.score,
            reason: left_out.reason.as_str().into(),
            examples: stored(&left_out.examples),
        }
    }
}

fn left_out(stored: StoredLeftOut<'_>) -> Result<LeftOut, String> {
    let reason = Exclusion::ALL.into_iter().find(|reason| reason.as_str() == stored.reason);
    Ok(LeftOut {
        skill: stored.id.map(Into::into),
        name: stored.name.into_owned(),
        score: stored.score,
        reason: reason.ok_or_else(|| format!("unknown reason {:?}", stored.reason))?,
        examples: examples(stored.examples),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_decision_from_before_examples_and_reasons_were_kept_is_read() {
        let json = r#"{"selector":"Square","chosen":[{"id":"019b76da-a800-7000-8000-000000000001","name":"casting",
            "description":"Knows films.","score":0.75}]}"#;
        let (choice, opening) = super::read(json).unwrap();
        assert!(!opening && choice.chosen[0].name == "casting" && choice.left_out.is_empty());
        assert_eq!(super::read(&super::written(&choice, true).unwrap()), Ok((choice, true)));
    }
}
