use crate::{Choice, Chosen, QuestionId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, Slice, Unavailable, UserId};
use square_skills::{ResultItem, SkillFailure};
use std::sync::Arc;
use std::time::Duration;

/// A question as it is stored when it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionRecord {
    /// Its identifier.
    pub id: QuestionId,
    /// Who asked, when signed in. Only that person may read it again.
    pub asker: Option<UserId>,
    /// What was asked.
    pub text: Arc<str>,
    /// Which skills are asked, and why.
    pub choice: Choice,
    /// When.
    pub asked_at: Timestamp,
    /// How long it may take.
    pub deadline: Duration,
}

/// Why a skill gave no results, as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillError {
    /// A stable word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

impl From<&SkillFailure> for SkillError {
    fn from(failure: &SkillFailure) -> Self {
        Self { code: failure.code().to_owned(), message: failure.to_string() }
    }
}

/// What one skill made of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillOutcome {
    /// The skill, as chosen.
    pub skill: Chosen,
    /// How long it took.
    pub took: Duration,
    /// Its answer, or why there is none.
    pub answer: Result<Vec<ResultItem>, SkillError>,
}

/// Why a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every skill that was asked has answered or failed by itself.
    Complete,
    /// The deadline passed before.
    Deadline,
    /// The asker gave up.
    Cancelled,
    /// The process that worked on it died.
    Interrupted,
}

impl Ending {
    /// Its name in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The end of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// Why.
    pub ending: Ending,
    /// How long all of it took.
    pub took: Duration,
}

/// Something that happened to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum LogEvent {
    /// A skill answered or failed.
    SkillResult(SkillOutcome),
    /// Nothing more will come.
    Finished(Finish),
}

/// One entry of a question's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Counts from 1 without gaps within the question, in order of completion.
    pub seq: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: LogEvent,
}

/// A question with its log so far.
#[derive(Debug, Clone, PartialEq)]
pub struct AnsweredQuestion {
    /// The question.
    pub question: QuestionRecord,
    /// Its log, in order.
    pub entries: Vec<Arc<LogEntry>>,
}

impl AnsweredQuestion {
    /// Outcomes of the skills, best score first.
    pub fn outcomes(&self) -> Vec<&SkillOutcome> {
        let mut outcomes: Vec<&SkillOutcome> = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            if let LogEvent::SkillResult(outcome) = &entry.event {
                outcomes.push(outcome);
            }
        }
        outcomes.sort_by(|a, b| b.skill.score.total_cmp(&a.skill.score));
        outcomes
    }

    /// How it ended, when it has.
    pub fn finish(&self) -> Option<&Finish> {
        self.entries.iter().rev().find_map(|entry| match &entry.event {
            LogEvent::Finished(finish) => Some(finish),
            LogEvent::SkillResult(_) => None,
        })
    }
}

/// Keeps every question, its routing decision and every answer.
///
/// A method that returned `Ok` MUST have made what it wrote survive the death of the process. Writes of one
/// caller MUST take effect in the order in which they were first polled.
#[async_trait]
pub trait QuestionLog: Send + Sync {
    /// Stores a question.
    async fn open(&self, question: &QuestionRecord) -> Result<(), Unavailable>;

    /// Stores entries of one opened question: all of them, or none and an error. An entry whose number is
    /// taken already MUST be an error.
    async fn append(&self, question: QuestionId, entries: &[Arc<LogEntry>]) -> Result<(), Unavailable>;

    /// One question with its whole log.
    async fn find(&self, question: QuestionId) -> Result<Option<AnsweredQuestion>, Unavailable>;

    /// Questions of one person with their logs, newest first.
    async fn of_asker(
        &self,
        asker: UserId,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, Unavailable>;

    /// Questions without a `Finished` entry, with their logs.
    async fn unfinished(&self) -> Result<Vec<AnsweredQuestion>, Unavailable>;
}
