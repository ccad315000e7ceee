//! How answers are kept: as JSON, in a form of its own, so that neither the domain's types nor the clients' JSON are
//! tied to what is stored.

use serde::{Deserialize, Serialize};
use serde_json::Result;
use square_routing::{AnswerDelta, Chosen, Ending, Finish, LogEvent, SkillError, SkillOutcome};
use square_skills::{Document, ResultBody, ResultItem};
use std::borrow::Cow;
use std::time::Duration;
use uuid::Uuid;

pub(super) const SKILL_RESULT: &str = "skill_result";
const SKILL_STARTED: &str = "skill_started";
pub(super) const ANSWER_DELTA: &str = "answer_delta";
const DEADLINE: &str = "deadline";
const FINISHED: &str = "finished";

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSkill<'a> {
    id: Uuid,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    score: f32,
}

#[derive(Serialize, Deserialize)]
struct StoredOutcome<'a> {
    #[serde(borrow)]
    skill: StoredSkill<'a>,
    took_us: u64,
    #[serde(borrow, flatten)]
    answer: StoredAnswer<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredAnswer<'a> {
    #[serde(borrow)]
    Results(Vec<StoredItem<'a>>),
    Error {
        code: Cow<'a, str>,
        message: Cow<'a, str>,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredItem<'a> {
    #[serde(borrow)]
    body: StoredBody<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    documents: Vec<StoredDocument<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredDocument<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredBody<'a> {
    #[serde(borrow)]
    PlainText(Cow<'a, str>),
    KeyValue(Cow<'a, [(String, String)]>),
    RawHtml(Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
struct StoredDelta<'a> {
    skill: Uuid,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct StoredFinish<'a> {
    #[serde(borrow)]
    ending: Cow<'a, str>,
    took_us: u64,
}

/// The event's kind and its content.
pub(super) fn event(event: &LogEvent) -> Result<(&'static str, String)> {
    match event {
        LogEvent::SkillResult(outcome) => {
            let answer = match &outcome.answer {
                Ok(items) => StoredAnswer::Results(items.iter().map(StoredItem::from).collect()),
                Err(SkillError { code, message }) => {
                    StoredAnswer::Error { code: code.into(), message: message.into() }
                }
            };
            let (skill, took_us) = (StoredSkill::from(&outcome.skill), micros(outcome.took));
            let content = serde_json::to_string(&StoredOutcome { skill, took_us, answer })?;
            Ok((SKILL_RESULT, content))
        }
        LogEvent::SkillStarted(skill) => {
            Ok((SKILL_STARTED, serde_json::to_string(&StoredSkill::from(skill))?))
        }
        LogEvent::AnswerDelta(AnswerDelta { skill, text }) => {
            let stored = StoredDelta { skill: skill.uuid(), text: text.into() };
            Ok((ANSWER_DELTA, serde_json::to_string(&stored)?))
        }
        LogEvent::Deadline => Ok((DEADLINE, "{}".to_owned())),
        LogEvent::Finished(finish) => {
            let stored = StoredFinish { ending: finish.ending.as_str().into(), took_us: micros(finish.took) };
            Ok((FINISHED, serde_json::to_string(&stored)?))
        }
    }
}

pub(super) fn read_event(kind: &str, content: &str) -> std::result::Result<LogEvent, String> {
    match kind {
        SKILL_RESULT => {
            let stored: StoredOutcome<'_> = serde_json::from_str(content).map_err(|e| e.to_string())?;
            let answer = match stored.answer {
                StoredAnswer::Results(items) => Ok(items.into_iter().map(ResultItem::from).collect()),
                StoredAnswer::Error { code, message } => {
                    Err(SkillError { code: code.into_owned(), message: message.into_owned() })
                }
            };
            let (skill, took) = (stored.skill.into(), Duration::from_micros(stored.took_us));
            Ok(LogEvent::SkillResult(SkillOutcome { skill, took, answer }))
        }
        SKILL_STARTED => {
            let stored: StoredSkill<'_> = serde_json::from_str(content).map_err(|e| e.to_string())?;
            Ok(LogEvent::SkillStarted(stored.into()))
        }
        ANSWER_DELTA => {
            let stored: StoredDelta<'_> = serde_json::from_str(content).map_err(|e| e.to_string())?;
            let (skill, text) = (stored.skill.into(), stored.text.into_owned());
            Ok(LogEvent::AnswerDelta(AnswerDelta { skill, text }))
        }
        DEADLINE => Ok(LogEvent::Deadline),
        FINISHED => {
            let stored: StoredFinish<'_> = serde_json::from_str(content).map_err(|e| e.to_string())?;
            let (ending, took) = (ending(&stored.ending)?, Duration::from_micros(stored.took_us));
            Ok(LogEvent::Finished(Finish { ending, took }))
        }
        other => Err(format!("unknown kind {other:?}")),
    }
}

fn ending(word: &str) -> std::result::Result<Ending, String> {
    [Ending::Complete, Ending::Deadline, Ending::Cancelled, Ending::Interrupted]
        .into_iter()
        .find(|ending| ending.as_str() == word)
        .ok_or_else(|| format!("unknown ending {word:?}"))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl<'a> From<&'a Chosen> for StoredSkill<'a> {
    fn from(chosen: &'a Chosen) -> Self {
        Self {
            id: chosen.skill.uuid(),
            name: Cow::from(&chosen.name),
            description: Cow::from(&chosen.description),
            score: chosen.score,
        }
    }
}

impl From<StoredSkill<'_>> for Chosen {
    fn from(stored: StoredSkill<'_>) -> Self {
        Self {
            skill: stored.id.into(),
            name: stored.name.into_owned(),
            description: stored.description.into_owned(),
            score: stored.score,
        }
    }
}

impl<'a> From<&'a ResultItem> for StoredItem<'a> {
    fn from(item: &'a ResultItem) -> Self {
        let body = match &item.body {
            ResultBody::PlainText(text) => StoredBody::PlainText(text.into()),
            ResultBody::KeyValue(pairs) => StoredBody::KeyValue(pairs.into()),
            ResultBody::RawHtml(html) => StoredBody::RawHtml(html.into()),
        };
        Self { body, score: item.score, documents: item.documents.iter().map(StoredDocument::from).collect() }
    }
}

impl From<StoredItem<'_>> for ResultItem {
    fn from(stored: StoredItem<'_>) -> Self {
        let body = match stored.body {
            StoredBody::PlainText(text) => ResultBody::PlainText(text.into_owned()),
            StoredBody::KeyValue(pairs) => ResultBody::KeyValue(pairs.into_owned()),
            StoredBody::RawHtml(html) => ResultBody::RawHtml(html.into_owned()),
        };
        Self {
            body,
            score: stored.score,
            documents: stored.documents.into_iter().map(Document::from).collect(),
        }
    }
}

impl<'a> From<&'a Document> for StoredDocument<'a> {
    fn from(document: &'a Document) -> Self {
        Self {
            text: Cow::from(&document.text),
            url: document.url.clone(),
            source: document.source.clone(),
            id: document.id.clone(),
            score: document.score,
        }
    }
}

impl From<StoredDocument<'_>> for Document {
    fn from(stored: StoredDocument<'_>) -> Self {
        Self {
            text: stored.text.into_owned(),
            url: stored.url,
            source: stored.source,
            id: stored.id,
            score: stored.score,
        }
    }
}
