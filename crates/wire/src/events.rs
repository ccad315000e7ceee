//! The events of a question, the same on every transport under the same numbers.

use crate::answer::{millis, rounded};
use crate::{RoutingView, SkillAnswer};
use serde::{Deserialize, Serialize};
use square_kernel::FieldError;
use square_routing::{AnswerDelta, Chosen, LogEntry, LogEvent, OpeningEvent, QuestionId, QuestionRecord};
use utoipa::ToSchema;
use uuid::Uuid;

/// The question was taken and stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuestionAcceptedEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
    /// What was asked.
    pub question: String,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub asked_at: String,
    /// How long it may take, in milliseconds.
    pub deadline_ms: u64,
}

/// It was decided which skills are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteDecidedEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
    /// Which, and why not others.
    #[serde(flatten)]
    pub routing: RoutingView,
}

/// A skill is being asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillStartedEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
    /// The skill's name.
    pub name: String,
    /// The skill.
    pub skill_id: Uuid,
    /// The probability that it fits, 0 to 1.
    pub score: f64,
}

/// An answer has grown by a piece. The whole answer follows, unless the skill fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerDeltaEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
    /// The skill.
    pub skill_id: Uuid,
    /// What the text of its first result has grown by.
    pub text: String,
}

/// A skill has answered or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillResultEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number: grows within the question, in order of completion.
    pub seq: u32,
    /// How long the skill took, in milliseconds.
    pub took_ms: u64,
    /// What it made of the question.
    #[serde(flatten)]
    pub answer: SkillAnswer,
}

/// The deadline passed: skills that have not answered are no longer waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadlineEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
}

/// Nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FinishedEvent {
    /// The question.
    pub question_id: Uuid,
    /// The event's number.
    pub seq: u32,
    /// Why: `complete`, `deadline`, `cancelled` or `interrupted`.
    #[schema(example = "complete")]
    pub ending: String,
    /// How long the whole question took, in milliseconds.
    pub took_ms: u64,
}

/// Events are missing here that are kept no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapEvent {
    /// The question.
    pub question_id: Uuid,
    /// The number of the last one that is missing.
    pub seq: u32,
    /// The number of the first one that is missing.
    pub missing_from: u32,
}

/// One event of a question's stream. Its name goes out beside the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum StreamEvent {
    /// Named `skill_result`: a skill has answered or, for who did not ask for all events, failed.
    SkillResult(SkillResultEvent),
    /// Named `skill_failed`, for who asked for all events: a skill has failed.
    SkillFailed(SkillResultEvent),
    /// Named `finished`; the last one.
    Finished(FinishedEvent),
    /// Named `question_accepted`, for who asked for all events, as are the following.
    QuestionAccepted(QuestionAcceptedEvent),
    /// Named `route_decided`.
    RouteDecided(RouteDecidedEvent),
    /// Named `skill_started`.
    SkillStarted(SkillStartedEvent),
    /// Named `answer_delta`.
    AnswerDelta(AnswerDeltaEvent),
    /// Named `gap`.
    Gap(GapEvent),
    /// Named `deadline`.
    Deadline(DeadlineEvent),
}

impl StreamEvent {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SkillResult(_) => "skill_result",
            Self::SkillFailed(_) => "skill_failed",
            Self::Finished(_) => "finished",
            Self::QuestionAccepted(_) => "question_accepted",
            Self::RouteDecided(_) => "route_decided",
            Self::SkillStarted(_) => "skill_started",
            Self::AnswerDelta(_) => "answer_delta",
            Self::Gap(_) => "gap",
            Self::Deadline(_) => "deadline",
        }
    }

    /// Its number: whoever has seen it goes on after this.
    pub const fn seq(&self) -> u32 {
        match self {
            Self::SkillResult(event) | Self::SkillFailed(event) => event.seq,
            Self::Finished(event) => event.seq,
            Self::QuestionAccepted(event) => event.seq,
            Self::RouteDecided(event) => event.seq,
            Self::SkillStarted(event) => event.seq,
            Self::AnswerDelta(event) => event.seq,
            Self::Gap(event) => event.seq,
            Self::Deadline(event) => event.seq,
        }
    }
}

/// Which events of a question a client wants to see. The numbers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventFilter {
    /// `skill_result`, also of skills that failed, and `finished`.
    #[default]
    Results,
    /// Every one, with failures as `skill_failed`.
    All,
}

impl EventFilter {
    /// Reads what a client sent as `field`; the default where it sent nothing.
    pub fn parse(field: &'static str, text: Option<&str>) -> Result<Self, FieldError> {
        match text {
            None | Some("results") => Ok(Self::Results),
            Some("all") => Ok(Self::All),
            Some(_) => Err(FieldError::new(field, "must be results or all")),
        }
    }
}

/// Makes the events that one client sees of what a question's log says.
#[derive(Debug)]
pub struct EventView {
    question: QuestionId,
    filter: EventFilter,
    /// The number of the last event that was shown or passed over.
    last: u32,
}

impl EventView {
    /// The view of who has seen the events up to number `after`, with those that are there from the beginning.
    pub fn open(record: &QuestionRecord, filter: EventFilter, after: u32) -> (Self, Vec<StreamEvent>) {
        let opening = match filter {
            EventFilter::Results => Vec::new(),
            EventFilter::All => record.opening_events(after).map(|event| opening(record, event)).collect(),
        };
        let last = record.last_opening().max(after);
        (Self { question: record.id, filter, last }, opening)
    }

    /// The events that an entry of the log goes out as, the one after the other; the log's entries have to come in their order.
    pub fn show(&mut self, entry: &LogEntry) -> impl Iterator<Item = StreamEvent> + use<> {
        let missing_from = self.last.saturating_add(1);
        self.last = entry.seq;
        let gap = (self.filter == EventFilter::All && missing_from < entry.seq).then(|| {
            StreamEvent::Gap(GapEvent { question_id: self.question.uuid(), seq: entry.seq - 1, missing_from })
        });
        gap.into_iter().chain(self.event(entry))
    }

    fn event(&self, entry: &LogEntry) -> Option<StreamEvent> {
        let (question_id, seq) = (self.question.uuid(), entry.seq);
        let all = self.filter == EventFilter::All;
        match &entry.event {
            LogEvent::SkillResult(outcome) => {
                let (took_ms, answer) = (millis(outcome.took), SkillAnswer::from(outcome));
                let event = SkillResultEvent { question_id, seq, took_ms, answer };
                let failed = all && outcome.answer.is_err();
                Some(if failed { StreamEvent::SkillFailed(event) } else { StreamEvent::SkillResult(event) })
            }
            LogEvent::SkillStarted(skill) => {
                all.then(|| StreamEvent::SkillStarted(started(question_id, seq, skill)))
            }
            LogEvent::AnswerDelta(AnswerDelta { skill, text }) => all.then(|| {
                let (skill_id, text) = (skill.uuid(), text.clone());
                StreamEvent::AnswerDelta(AnswerDeltaEvent { question_id, seq, skill_id, text })
            }),
            LogEvent::Deadline => all.then_some(StreamEvent::Deadline(DeadlineEvent { question_id, seq })),
            LogEvent::Finished(finish) => Some(StreamEvent::Finished(FinishedEvent {
                question_id,
                seq,
                ending: finish.ending.as_str().to_owned(),
                took_ms: millis(finish.took),
            })),
        }
    }
}

fn opening(record: &QuestionRecord, (seq, event): (u32, OpeningEvent<'_>)) -> StreamEvent {
    let question_id = record.id.uuid();
    match event {
        OpeningEvent::QuestionAccepted => StreamEvent::QuestionAccepted(QuestionAcceptedEvent {
            question_id,
            seq,
            question: record.text.to_string(),
            asked_at: record.asked_at.to_string(),
            deadline_ms: millis(record.deadline),
        }),
        OpeningEvent::RouteDecided => {
            let routing = RoutingView::from(&record.choice);
            StreamEvent::RouteDecided(RouteDecidedEvent { question_id, seq, routing })
        }
        OpeningEvent::SkillStarted(skill) => StreamEvent::SkillStarted(started(question_id, seq, skill)),
    }
}

fn started(question_id: Uuid, seq: u32, skill: &Chosen) -> SkillStartedEvent {
    SkillStartedEvent {
        question_id,
        seq,
        name: skill.name.clone(),
        skill_id: skill.skill.uuid(),
        score: rounded(skill.score.into()),
    }
}
