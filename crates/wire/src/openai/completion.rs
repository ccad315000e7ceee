use super::answer_text::answer_text;
use crate::answer::{NearestSkill, millis, rounded};
use crate::fault::Fault;
use serde::{Deserialize, Serialize};
use square_routing::{Chosen, QuestionRecord, SkillOutcome};
use utoipa::ToSchema;
use uuid::Uuid;

/// A chat with its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatCompletion {
    /// `chatcmpl-` and the question's id.
    #[schema(example = "chatcmpl-01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0")]
    pub id: String,
    /// Always `chat.completion`.
    #[schema(example = "chat.completion")]
    pub object: String,
    /// When it was asked, in Unix seconds.
    pub created: i64,
    /// The model that was asked.
    #[schema(example = "square")]
    pub model: String,
    /// The answers, best skill first; at most as many as were wanted.
    pub choices: Vec<ChatChoice>,
    /// What was counted.
    pub usage: ChatUsage,
    /// More than OpenAI's API tells.
    pub square: ChatQuestion,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatChoice {
    /// Its place, from 0 on.
    pub index: u32,
    /// The answer.
    pub message: ChatAnswer,
    /// Always `null`.
    #[schema(value_type = Option<Object>)]
    pub logprobs: Option<()>,
    /// Always `stop`.
    #[schema(example = "stop")]
    pub finish_reason: String,
    /// The skill that gave it; missing where none fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub square: Option<AskedSkill>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatAnswer {
    /// Always `assistant`.
    #[schema(example = "assistant")]
    pub role: String,
    /// The text.
    pub content: String,
    /// The same text where it is no answer but says that there is none: no skill fits, or the one asked has found nothing.
    pub refusal: Option<String>,
}

/// What was counted: words, since skills do not tell how many tokens they read and wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatUsage {
    /// Words of the question.
    pub prompt_tokens: u64,
    /// Words of the answers.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
}

/// The question behind a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatQuestion {
    /// Names it in all other calls.
    pub question_id: Uuid,
    /// The skill that came nearest, where none fitted well enough to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearestSkill>,
    /// The skills that were asked and have failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedSkill>,
}

/// The skill that gave an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AskedSkill {
    /// Its name.
    #[schema(example = "Casting")]
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// The probability that it fits, 0 to 1.
    #[schema(example = 0.9312)]
    pub score: f64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A skill that has failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FailedSkill {
    /// Its name.
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// A sentence for people.
    pub error: String,
    /// A stable word for programs.
    pub error_code: String,
}

impl ChatCompletion {
    /// What the skills have made of a question, at most `wanted` of them. A fault where some were asked and all have failed.
    pub fn of(
        question: &QuestionRecord,
        model: &str,
        mut outcomes: Vec<&SkillOutcome>,
        wanted: usize,
    ) -> Result<Self, Fault> {
        outcomes.sort_by(|a, b| b.skill.score.total_cmp(&a.skill.score));
        let failed: Vec<FailedSkill> =
            outcomes.iter().filter_map(|outcome| FailedSkill::of(outcome)).collect();
        let answers = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.answer.as_ref().ok()?)));
        let answers = answers.take(wanted).map(|(outcome, items)| {
            let said = Said::of(&outcome.skill, answer_text(items));
            (said, Some(AskedSkill::of(outcome)))
        });
        let mut said: Vec<_> = answers.collect();
        if said.is_empty() {
            if !failed.is_empty() {
                return Err(Fault::skills_failed(&failed));
            }
            said.push((Said::nothing_fits(question), None));
        }
        let mut usage = ChatUsage::asked(&question.text);
        let choices = (0..).zip(said).map(|(index, (said, square))| {
            usage.answered(&said.text);
            let refusal = said.refusal.then(|| said.text.clone());
            let message = ChatAnswer { role: "assistant".to_owned(), content: said.text, refusal };
            ChatChoice { index, message, logprobs: None, finish_reason: "stop".to_owned(), square }
        });
        let choices = choices.collect();
        Ok(Self {
            id: id(question),
            object: "chat.completion".to_owned(),
            created: question.asked_at.as_second(),
            model: model.to_owned(),
            choices,
            usage,
            square: ChatQuestion { failed, ..ChatQuestion::of(question) },
        })
    }
}

/// What a completion and its chunks are called.
pub(super) fn id(question: &QuestionRecord) -> String {
    format!("chatcmpl-{}", question.id)
}

/// What an answer says.
pub(super) struct Said {
    pub(super) text: String,
    /// Whether it says that there is no answer.
    pub(super) refusal: bool,
}

impl Said {
    /// This text of this skill.
    pub(super) fn of(skill: &Chosen, text: String) -> Self {
        if text.trim().is_empty() {
            return Self { text: format!("{} has found no answer.", skill.name), refusal: true };
        }
        Self { text, refusal: false }
    }

    /// No skill was asked.
    pub(super) fn nothing_fits(question: &QuestionRecord) -> Self {
        if let Some(skill) = question.choice.fits_later() {
            let text = format!("{} was asked as often as it may be, please ask again later.", skill.name);
            return Self { text, refusal: true };
        }
        let nearest = question.choice.nearest.as_ref();
        let nearest = nearest.map(|skill| format!(" The nearest is {} ({:.2}).", skill.name, skill.score));
        let text = format!("No skill fits this question.{}", nearest.unwrap_or_default());
        Self { text, refusal: true }
    }
}

impl ChatUsage {
    /// A question without answers.
    pub(super) fn asked(question: &str) -> Self {
        let words = words(question);
        Self { prompt_tokens: words, completion_tokens: 0, total_tokens: words }
    }

    /// Adds an answer.
    pub(super) fn answered(&mut self, text: &str) {
        let words = words(text);
        self.completion_tokens += words;
        self.total_tokens += words;
    }
}

fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

impl ChatQuestion {
    pub(super) fn of(question: &QuestionRecord) -> Self {
        let nearest = question.choice.nearest.as_ref().map(NearestSkill::from);
        Self { question_id: question.id.uuid(), nearest, failed: Vec::new() }
    }
}

impl AskedSkill {
    pub(super) fn of(outcome: &SkillOutcome) -> Self {
        let skill = &outcome.skill;
        Self {
            name: skill.name.clone(),
            skill_id: skill.skill.uuid(),
            score: rounded(skill.score.into()),
            took_ms: millis(outcome.took),
        }
    }
}

impl FailedSkill {
    pub(super) fn of(outcome: &SkillOutcome) -> Option<Self> {
        let error = outcome.answer.as_ref().err()?;
        Some(Self {
            name: outcome.skill.name.clone(),
            skill_id: outcome.skill.skill.uuid(),
            error: error.message.clone(),
            error_code: error.code.clone(),
        })
    }
}
