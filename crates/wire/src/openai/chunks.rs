//! A chat's answers in pieces: what a question's log becomes, entry by entry.

use super::answer_text::{BETWEEN, answer_text};
use super::completion::{AskedSkill, ChatQuestion, ChatUsage, FailedSkill, Said, id};
use super::error::OpenAiErrorBody;
use crate::Fault;
use serde::{Deserialize, Serialize};
use square_kernel::SkillId;
use square_routing::{LogEntry, LogEvent, QuestionRecord, SkillOutcome};
use std::sync::Arc;
use utoipa::ToSchema;

/// A piece of a chat's answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatChunk {
    /// `chatcmpl-` and the question's id; the same in all pieces.
    pub id: String,
    /// Always `chat.completion.chunk`.
    #[schema(example = "chat.completion.chunk")]
    pub object: String,
    /// When it was asked, in Unix seconds.
    pub created: i64,
    /// The model that was asked.
    pub model: String,
    /// What one of the answers has grown by; empty in the piece that tells what was counted.
    pub choices: Vec<ChatChunkChoice>,
    /// What was counted, in the last piece, where it was asked for; `null` in those before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ChatUsage>)]
    pub usage: Option<Option<ChatUsage>>,
    /// More than OpenAI's API tells; in the first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub square: Option<ChatQuestion>,
}

/// What one answer has grown by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatChunkChoice {
    /// Which answer: counted from 0 in the order in which they begin.
    pub index: u32,
    /// The piece.
    pub delta: ChatDelta,
    /// Always `null`.
    #[schema(value_type = Option<Object>)]
    pub logprobs: Option<()>,
    /// In the last piece of an answer `stop`, or `length` where the answer breaks off; `null` before.
    pub finish_reason: Option<String>,
    /// In the last piece of an answer the skill that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub square: Option<AskedSkill>,
}

/// A piece of what is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatDelta {
    /// `assistant`, in the first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What the text has grown by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The same text where it is no answer but says that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// What goes out as the data of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatStreamEvent {
    /// A piece.
    Chunk(Box<ChatChunk>),
    /// All that was asked has failed.
    Error(OpenAiErrorBody),
    /// Nothing more will come.
    Done,
}

impl ChatStreamEvent {
    /// Its text.
    pub fn data(&self) -> String {
        // Structs of texts and numbers always serialise.
        match self {
            Self::Chunk(chunk) => serde_json::to_string(chunk).unwrap_or_default(),
            Self::Error(error) => serde_json::to_string(error).unwrap_or_default(),
            Self::Done => "[DONE]".to_owned(),
        }
    }
}

/// How a chat's answers are to be streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatStreamOpening {
    /// What the chunks call the model.
    pub model: String,
    /// How many answers are wanted.
    pub wanted: usize,
    /// Whether the last chunk tells what was counted.
    pub include_usage: bool,
}

/// Makes chunks of a question's log, whose entries have to come in their order.
///
/// An answer has its index from the moment it begins, so skills that fail before take none. A skill that fails amid its answer leaves
/// it as it is, its end marked as cut, if another one has answered in whole. Where only one that came too late to begin an answer of its own
/// has, its answer follows in the first one; where none has, the stream ends with an error.
pub struct ChatStream {
    question: Arc<QuestionRecord>,
    opening: ChatStreamOpening,
    choices: Vec<Growing>,
    failed: Vec<FailedSkill>,
    /// The first whole answer that came when all wanted ones had begun.
    spare: Option<SkillOutcome>,
    usage: ChatUsage,
    begun: bool,
    over: bool,
}

/// An answer on its way.
struct Growing {
    skill: SkillId,
    sent: String,
    state: State,
}

enum State {
    Open,
    Whole,
    /// Its skill has failed.
    Cut(AskedSkill),
}

impl ChatStream {
    /// Of this question.
    pub fn new(question: Arc<QuestionRecord>, opening: ChatStreamOpening) -> Self {
        let usage = ChatUsage::asked(&question.text);
        let (choices, failed) = (Vec::new(), Vec::new());
        Self { question, opening, choices, failed, spare: None, usage, begun: false, over: false }
    }

    /// Whether the last event has been made.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The events that an entry of the log goes out as.
    pub fn show(&mut self, entry: &LogEntry) -> Vec<ChatStreamEvent> {
        let mut events = Vec::new();
        if self.over {
            return events;
        }
        match &entry.event {
            LogEvent::AnswerDelta(delta) => {
                if let Some(index) = self.choice(delta.skill, &mut events) {
                    self.grow(index, &delta.text, false, &mut events);
                }
            }
            LogEvent::SkillResult(outcome) => self.take(outcome, &mut events),
            LogEvent::Finished(_) => self.end(&mut events),
            LogEvent::SkillStarted(_) | LogEvent::Deadline => {}
        }
        events
    }

    fn take(&mut self, outcome: &SkillOutcome, events: &mut Vec<ChatStreamEvent>) {
        let skill = outcome.skill.skill;
        let Ok(items) = &outcome.answer else {
            self.failed.extend(FailedSkill::of(outcome));
            if let Some(growing) = self.choices.iter_mut().find(|growing| growing.skill == skill) {
                growing.state = State::Cut(AskedSkill::of(outcome));
            }
            return;
        };
        let said = Said::of(&outcome.skill, answer_text(items));
        // Who was asked beside a slow one, and comes when all wanted answers have begun, is of help only if these fail.
        let Some(index) = self.choice(skill, events) else {
            if self.spare.is_none() && !said.refusal {
                self.spare = Some(outcome.clone());
            }
            return;
        };
        self.complete(index, &said, outcome, events);
        if self.whole() == self.opening.wanted {
            self.close(events);
        }
    }

    /// Ends an answer by what a skill has said in whole.
    fn complete(
        &mut self,
        index: usize,
        said: &Said,
        outcome: &SkillOutcome,
        events: &mut Vec<ChatStreamEvent>,
    ) {
        let sent = &self.choices[index].sent;
        let rest = match said.text.strip_prefix(sent.as_str()) {
            Some(rest) => rest.to_owned(),
            // Pieces are the beginning of the whole; a skill for which they are not is shown in whole once more.
            None if said.refusal => String::new(),
            None => format!("{BETWEEN}{}", said.text),
        };
        self.grow(index, &rest, said.refusal, events);
        self.choices[index].state = State::Whole;
        self.finish(index, "stop", AskedSkill::of(outcome), events);
    }

    /// The question has ended.
    fn end(&mut self, events: &mut Vec<ChatStreamEvent>) {
        if self.whole() == 0
            && let Some(outcome) = self.spare.take()
            && let Ok(items) = &outcome.answer
        {
            self.complete(0, &Said::of(&outcome.skill, answer_text(items)), &outcome, events);
        }
        if self.whole() == 0 && !self.failed.is_empty() {
            events.push(ChatStreamEvent::Error(Fault::skills_failed(&self.failed).openai_body()));
            self.over = true;
            return;
        }
        if self.whole() == 0 {
            self.refuse(events);
        }
        for index in 0..self.choices.len() {
            if let State::Cut(skill) = &self.choices[index].state {
                let skill = skill.clone();
                self.finish(index, "length", skill, events);
            }
        }
        self.close(events);
    }

    /// Says that nobody was asked.
    fn refuse(&mut self, events: &mut Vec<ChatStreamEvent>) {
        let Said { text, .. } = Said::nothing_fits(&self.question);
        self.usage.answered(&text);
        let role = Some("assistant".to_owned());
        let delta = ChatDelta { role, content: Some(text.clone()), refusal: Some(text) };
        self.push(ChatChunkChoice { delta, ..ChatChunkChoice::default() }, events);
        let finish_reason = Some("stop".to_owned());
        self.push(ChatChunkChoice { finish_reason, ..ChatChunkChoice::default() }, events);
    }

    fn close(&mut self, events: &mut Vec<ChatStreamEvent>) {
        if self.opening.include_usage {
            for growing in &self.choices {
                self.usage.answered(&growing.sent);
            }
            let usage = Some(Some(self.usage));
            events.push(ChatStreamEvent::Chunk(Box::new(ChatChunk { usage, ..self.chunk(Vec::new()) })));
        }
        events.push(ChatStreamEvent::Done);
        self.over = true;
    }

    fn whole(&self) -> usize {
        self.choices.iter().filter(|growing| matches!(growing.state, State::Whole)).count()
    }

    /// The answer of a skill, begun if it has not; `None` where as many as are wanted have begun already.
    fn choice(&mut self, skill: SkillId, events: &mut Vec<ChatStreamEvent>) -> Option<usize> {
        let known = self.choices.iter().position(|growing| growing.skill == skill);
        if known.is_some() || self.choices.len() == self.opening.wanted {
            return known;
        }
        let index = self.choices.len();
        self.choices.push(Growing { skill, sent: String::new(), state: State::Open });
        let (role, content) = (Some("assistant".to_owned()), Some(String::new()));
        self.push(
            ChatChunkChoice {
                index: number(index),
                delta: ChatDelta { role, content, refusal: None },
                ..ChatChunkChoice::default()
            },
            events,
        );
        Some(index)
    }

    fn grow(&mut self, index: usize, text: &str, refusal: bool, events: &mut Vec<ChatStreamEvent>) {
        if text.is_empty() {
            return;
        }
        self.choices[index].sent.push_str(text);
        let (content, refusal) = (Some(text.to_owned()), refusal.then(|| text.to_owned()));
        let delta = ChatDelta { role: None, content, refusal };
        self.push(ChatChunkChoice { index: number(index), delta, ..ChatChunkChoice::default() }, events);
    }

    fn finish(&mut self, index: usize, reason: &str, skill: AskedSkill, events: &mut Vec<ChatStreamEvent>) {
        self.push(
            ChatChunkChoice {
                index: number(index),
                finish_reason: Some(reason.to_owned()),
                square: Some(skill),
                ..ChatChunkChoice::default()
            },
            events,
        );
    }

    fn push(&mut self, choice: ChatChunkChoice, events: &mut Vec<ChatStreamEvent>) {
        let square = (!self.begun).then(|| ChatQuestion::of(&self.question));
        self.begun = true;
        events.push(ChatStreamEvent::Chunk(Box::new(ChatChunk { square, ..self.chunk(vec![choice]) })));
    }

    fn chunk(&self, choices: Vec<ChatChunkChoice>) -> ChatChunk {
        ChatChunk {
            id: id(&self.question),
            object: "chat.completion.chunk".to_owned(),
            created: self.question.asked_at.as_second(),
            model: self.opening.model.clone(),
            choices,
            usage: self.opening.include_usage.then_some(None),
            square: None,
        }
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
