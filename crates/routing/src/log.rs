use crate::{Choice, Chosen, HistoryFilter, QuestionId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SkillId, Slice, Unavailable, UserId};
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
    /// Whether its numbers begin with the [events of its opening](crate::OpeningEvent); those of questions from before there
    /// were such events do not.
    pub opening: bool,
}

impl QuestionRecord {
    /// How long it has been under way; no longer than it may take, whatever the clocks say.
    pub(crate) fn under_way_for(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.asked_at)).unwrap_or_default().min(self.deadline)
    }
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
    /// The process that worked on it died, or could not store what came.
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

/// A piece of an answer that comes bit by bit. The whole answer follows, unless the skill fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerDelta {
    /// The skill.
    pub skill: SkillId,
    /// What the answer has grown by since its piece before.
    pub text: String,
}

/// Something that happened to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum LogEvent {
    /// A skill answered or failed.
    SkillResult(SkillOutcome),
    /// A skill was asked beside those that were chosen, because one of them was slow, and has been of help.
    SkillStarted(Chosen),
    /// An answer has grown by a piece.
    AnswerDelta(AnswerDelta),
    /// The deadline passed: skills that have not answered are no longer waited for.
    Deadline,
    /// Nothing more will come.
    Finished(Finish),
}

/// One entry of a question's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Counts without gaps within the question, in order of completion, from the number after
    /// [the last of the opening](QuestionRecord::last_opening) on.
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
            _ => None,
        })
    }

    /// The number of the last event so far.
    pub fn last(&self) -> u32 {
        self.entries.last().map_or_else(|| self.question.last_opening(), |entry| entry.seq)
    }
}

/// What became of deleting some of somebody's questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// How many were deleted.
    pub questions: u32,
    /// Whether there may be more of them.
    pub more: bool,
}

/// Why entries were not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// One of their numbers is taken: somebody else has taken the question's log over.
    #[error("somebody else writes the log of this question")]
    Taken,
    /// There is no such question, or none any more.
    #[error("the question is gone")]
    Gone,
    /// The log cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Keeps every question, its routing decision and every answer, as one instance of several on one database.
///
/// A question belongs to the instance that opened it. The instance MUST be on the list of instances before that, or
/// the others take its questions for those of a dead one and close them.
///
/// A method that returned `Ok` MUST have made what it wrote survive the death of the process. Writes of one
/// caller MUST take effect in the order in which they were first polled.
#[async_trait]
pub trait QuestionLog: Send + Sync {
    /// Stores a question, which is this instance's from then on.
    async fn open(&self, question: &QuestionRecord) -> Result<(), Unavailable>;

    /// Stores entries of one opened question, also of another instance's: all of them, or none and an error. MUST be
    /// [`AppendError::Taken`] when a number is taken already; of any number of calls with the same number one is `Ok`. MUST be
    /// [`AppendError::Gone`] when there is no such question.
    async fn append(&self, question: QuestionId, entries: &[Arc<LogEntry>]) -> Result<(), AppendError>;

    /// One question with its whole log.
    async fn find(&self, question: QuestionId) -> Result<Option<AnsweredQuestion>, Unavailable>;

    /// The entries of a question with numbers above `seq`, in order; `None` where there is no such question. Cheap, for who looks again
    /// and again.
    async fn entries_after(
        &self,
        question: QuestionId,
        seq: u32,
    ) -> Result<Option<Vec<Arc<LogEntry>>>, Unavailable>;

    /// Questions of one person that [fit](HistoryFilter::fits), with their logs, newest first. Where it takes long to find enough of them,
    /// a page MAY hold fewer and go on with [`Slice::next`] behind where it has looked.
    async fn of_asker(
        &self,
        asker: UserId,
        filter: &HistoryFilter,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, Unavailable>;

    /// Questions without a `Finished` entry whose instance is not on the list of instances, with their logs.
    async fn orphaned(&self) -> Result<Vec<AnsweredQuestion>, Unavailable>;

    /// Tells all instances that the asker gave a question up. `false`, and nobody told, when there is no such question
    /// without a `Finished` entry, or when it is that of somebody signed in who is not `asker`.
    async fn request_cancel(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool, Unavailable>;

    /// Notes that an unfinished question is being watched, at whichever instance, for the one that works on it. Nothing
    /// happens where there is no such question.
    async fn note_watched(&self, question: QuestionId) -> Result<(), Unavailable>;

    /// How often [`Self::note_watched`] was called for a question; `None` where there is no such question without a
    /// `Finished` entry.
    async fn watched(&self, question: QuestionId) -> Result<Option<u64>, Unavailable>;

    /// Deletes the [`AnswerDelta`]s of `at_most` questions whose ids were made before `before`, the oldest first, and tells how
    /// many questions they were. Those that have no `Finished` entry, or none of them any more, are not among them.
    async fn forget_deltas(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;

    /// Deletes `at_most` questions with their logs whose ids were made before `before`, the oldest first, and tells how
    /// many they were. Those that have no `Finished` entry stay.
    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;

    /// Deletes a question with all that refers to it, also one without an end: every instance is told to give it up, and what one stores of
    /// it afterwards finds it [gone](AppendError::Gone). `false`, and nothing deleted, when there is no such question, or when it is that of somebody signed in who is not
    /// `asker`.
    async fn delete(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool, Unavailable>;

    /// The same with `at_most` questions of one person, the oldest first. Where there are [no more](Deleted::more), none of those that were
    /// stored before MUST be left, also where others delete them at the same time.
    async fn delete_all_of(&self, asker: UserId, at: Timestamp, at_most: u32)
    -> Result<Deleted, Unavailable>;
}
