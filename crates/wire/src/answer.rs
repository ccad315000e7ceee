use crate::{RoutingView, Verdict};
use serde::{Deserialize, Serialize};
use square_routing::{AnsweredQuestion, Chosen, SkillOutcome};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// One item of a skill's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultItem {
    /// What it says.
    #[serde(flatten)]
    pub body: ResultBody,
    /// How sure the skill is of it, where it says so; the scale is the skill's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What it is based on, where the skill says so; best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
}

/// A document that an item is based on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// What it says.
    pub text: String,
    /// Where it can be read: an http or https URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it comes from, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its name in the place where the skill found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How well it fits, on the skill's own scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// The forms that an item can have, told apart by `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResultBody {
    /// Text without markup.
    PlainText {
        /// The text.
        text: String,
    },
    /// Pairs of a key and its value, in the order to show them.
    KeyValue {
        /// The pairs.
        key_values: Vec<(String, String)>,
    },
    /// HTML, sanitised by the server.
    RawHtml {
        /// The HTML.
        html: String,
    },
}

/// What one skill made of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillAnswer {
    /// The skill's name when the question was asked.
    #[schema(example = "Casting")]
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// The probability that it fits the question, 0 to 1.
    #[schema(example = 0.9312)]
    pub score: f64,
    /// Its description when the question was asked.
    pub skill_description: String,
    /// Its results, or why there are none.
    #[serde(flatten)]
    pub answer: AnswerBody,
    /// What the asker said of it; left out where they said nothing, and while answers come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Verdict>,
}

/// A skill's results, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AnswerBody {
    /// It answered.
    Results {
        /// Best first.
        results: Vec<ResultItem>,
    },
    /// It failed.
    Error {
        /// A sentence for people.
        error: String,
        /// A stable word for programs.
        error_code: String,
    },
}

/// A skill that fitted best, but not well enough to be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NearestSkill {
    /// Its name.
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// The probability that it fits, 0 to 1.
    pub score: f64,
    /// Its description.
    pub skill_description: String,
}

/// A selector in whose place another one chose the skills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FallbackFrom {
    /// Its name.
    #[schema(example = "Elasticsearch")]
    pub selector: String,
    /// Why it could not choose.
    #[schema(example = "it did not answer within 500 ms")]
    pub reason: String,
}

impl From<&square_routing::FallbackFrom> for FallbackFrom {
    fn from(from: &square_routing::FallbackFrom) -> Self {
        Self { selector: from.selector.clone(), reason: from.reason.clone() }
    }
}

/// A question with all its answers so far, best skill first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuestionView {
    /// Its identifier.
    pub question_id: Uuid,
    /// What was asked.
    pub question: String,
    /// The selector that chose the skills.
    #[schema(example = "Square")]
    pub selector: String,
    /// The selector that was to choose and could not, so that another one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_from: Option<FallbackFrom>,
    /// When it was asked, RFC 3339.
    #[schema(format = DateTime)]
    pub asked_at: String,
    /// Whether nothing more will come.
    pub finished: bool,
    /// Why it ended: `complete`, `deadline`, `cancelled` or `interrupted`; `null` until then.
    pub ending: Option<String>,
    /// How long it took in milliseconds; `null` until it is finished.
    pub took_ms: Option<u64>,
    /// What the skills made of it, best skill first.
    pub results: Vec<SkillAnswer>,
    /// Which skills were asked, and why not others.
    pub routing: RoutingView,
    /// The skill that came nearest, where none is asked: none fits well enough, or those that do were asked as often as they may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearestSkill>,
}

impl From<&AnsweredQuestion> for QuestionView {
    fn from(answered: &AnsweredQuestion) -> Self {
        let (question, finish) = (&answered.question, answered.finish());
        Self {
            question_id: question.id.uuid(),
            question: question.text.to_string(),
            selector: question.choice.selector.clone(),
            fallback_from: question.choice.fallback_from.as_ref().map(FallbackFrom::from),
            asked_at: question.asked_at.to_string(),
            finished: finish.is_some(),
            ending: finish.map(|finish| finish.ending.as_str().to_owned()),
            took_ms: finish.map(|finish| millis(finish.took)),
            results: answered.outcomes().into_iter().map(SkillAnswer::from).collect(),
            routing: RoutingView::from(&question.choice),
            nearest: question.choice.nearest.as_ref().map(NearestSkill::from),
        }
    }
}

impl QuestionView {
    /// The same with what the asker said of the answers.
    #[must_use]
    pub fn with_verdicts(mut self, verdicts: &[square_routing::Verdict]) -> Self {
        for answer in &mut self.results {
            let verdict = verdicts.iter().find(|verdict| verdict.skill.uuid() == answer.skill_id);
            answer.feedback = verdict.map(Verdict::from);
        }
        self
    }
}

impl From<&SkillOutcome> for SkillAnswer {
    fn from(outcome: &SkillOutcome) -> Self {
        let answer = match &outcome.answer {
            Ok(items) => AnswerBody::Results { results: items.iter().map(ResultItem::from).collect() },
            Err(error) => AnswerBody::Error { error: error.message.clone(), error_code: error.code.clone() },
        };
        let skill = &outcome.skill;
        Self {
            name: skill.name.clone(),
            skill_id: skill.skill.uuid(),
            score: rounded(skill.score.into()),
            skill_description: skill.description.clone(),
            answer,
            feedback: None,
        }
    }
}

impl From<&Chosen> for NearestSkill {
    fn from(skill: &Chosen) -> Self {
        Self {
            name: skill.name.clone(),
            skill_id: skill.skill.uuid(),
            score: rounded(skill.score.into()),
            skill_description: skill.description.clone(),
        }
    }
}

impl From<&square_skills::ResultItem> for ResultItem {
    fn from(item: &square_skills::ResultItem) -> Self {
        let body = match &item.body {
            square_skills::ResultBody::PlainText(text) => ResultBody::PlainText { text: text.clone() },
            square_skills::ResultBody::KeyValue(pairs) => ResultBody::KeyValue { key_values: pairs.clone() },
            square_skills::ResultBody::RawHtml(html) => ResultBody::RawHtml { html: html.clone() },
        };
        let documents = item.documents.iter().map(Document::from).collect();
        Self { body, score: finite(item.score), documents }
    }
}

impl From<&square_skills::Document> for Document {
    fn from(document: &square_skills::Document) -> Self {
        Self {
            text: document.text.clone(),
            url: document.url.clone(),
            source: document.source.clone(),
            id: document.id.clone(),
            score: finite(document.score),
        }
    }
}

/// JSON has no other numbers.
fn finite(score: Option<f64>) -> Option<f64> {
    score.filter(|score| score.is_finite()).map(rounded)
}

/// Four decimals: more would claim a precision that no selector has.
pub(crate) fn rounded(score: f64) -> f64 {
    (score * 1e4).round() / 1e4
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
