use super::ROUTING_MODEL;
use crate::question::read;
use crate::{Fault, SkillChoice};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use square_kernel::{FieldError, Invalid};
use square_routing::{Deadline, MaxSkills, Question, QuestionText, Selection, SkillRef};
use square_skills::SkillName;
use utoipa::ToSchema;

/// A chat to be completed. What is not listed here is passed over, as what skills have no use for: sampling, tools that may
/// be left uncalled, limits of tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"model": "square", "messages": [{"role": "user", "content": "Which actors played in Heat?"}]}))]
pub struct ChatRequest {
    /// Who is asked: `square`, which has the skills chosen that fit, or the name or id of a published skill.
    #[schema(example = "square")]
    pub model: Option<String>,
    /// The chat. Its last message of the role `user` is the question; what is around it is passed over.
    pub messages: Option<Vec<ChatMessage>>,
    /// How many answers there are at most, each of another skill, 1 to 50; 1 where it is missing. A skill asked by its name gives one.
    pub n: Option<i64>,
    /// Whether the answer comes in pieces, as Server-Sent Events.
    pub stream: Option<bool>,
    /// What else a stream brings; only where `stream` is true.
    pub stream_options: Option<ChatStreamOptions>,
    /// Passed over; 0 to 2.
    pub temperature: Option<f64>,
    /// Passed over; 0 to 1.
    pub top_p: Option<f64>,
    /// Passed over; -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Passed over; -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Passed over; 1 or more. Answers are as long as skills make them.
    pub max_tokens: Option<i64>,
    /// Passed over; 1 or more.
    pub max_completion_tokens: Option<i64>,
    /// `{"type": "text"}` or nothing: nobody can promise that skills answer in JSON.
    #[schema(value_type = Option<Object>)]
    pub response_format: Option<Value>,
    /// `auto` or `none`, as skills call no tools of the client: a call cannot be demanded.
    #[schema(value_type = Option<String>)]
    pub tool_choice: Option<Value>,
}

/// One turn of a chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// Whose it is: `user`, `assistant`, `system`, `developer`, `tool` or `function`.
    #[schema(example = "user")]
    pub role: Option<String>,
    /// What they say.
    pub content: Option<ChatContent>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be a text or an array of parts")]
pub enum ChatContent {
    /// A text.
    Text(String),
    /// Parts; in the question all of them texts, which are joined by line breaks.
    Parts(Vec<ChatPart>),
}

/// A part of what a message says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatPart {
    /// `text`; images, sounds and files are not understood.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub kind: Option<String>,
    /// The text.
    pub text: Option<String>,
}

/// What else a stream brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatStreamOptions {
    /// Whether the last chunk tells how many words were asked and answered.
    pub include_usage: Option<bool>,
}

/// Who is to answer a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// The skills that fit.
    Routed,
    /// This one.
    Skill(SkillRef),
}

/// A chat that can be answered.
#[derive(Debug, Clone)]
pub struct Chat {
    /// Who is to answer.
    pub addressee: Addressee,
    /// The model as the client called it.
    pub model: String,
    /// How many answers are wanted.
    pub n: MaxSkills,
    /// Whether they come in pieces.
    pub stream: bool,
    /// Whether a stream ends with what was counted.
    pub include_usage: bool,
    text: QuestionText,
    deadline: Deadline,
}

impl ChatRequest {
    /// Reads a JSON body. A value of the wrong type is a fault that names its parameter, such as `messages[0].content`.
    pub fn read(body: Value) -> Result<Self, Fault> {
        read(body)
    }

    /// The chat it stands for, to be answered within `deadline_ms` milliseconds; the longest time there is where `None`, since
    /// clients of OpenAI are used to wait. All parameters that break a rule are named at once.
    pub fn parse(self, deadline_ms: Option<i64>) -> Result<Chat, Invalid> {
        let mut invalid = Invalid::default();
        let stream = self.stream.unwrap_or_default();
        invalid.0.extend(self.impossible());
        if self.stream_options.is_some() && !stream {
            invalid.0.push(FieldError::new("stream_options", "is only for where stream is true"));
        }
        let model = self.model.unwrap_or_default();
        let addressee = invalid.collect(addressee(&model));
        let text = invalid.collect(question(&self.messages.unwrap_or_default()));
        let n = self.n.map_or(Ok(MaxSkills::ONE), |n| MaxSkills::parse("n", n));
        let n = invalid.collect(n);
        let deadline = invalid.collect(deadline_ms.map_or(Ok(Deadline::LONGEST), Deadline::parse));
        let include_usage = self.stream_options.and_then(|options| options.include_usage).unwrap_or_default();
        match (addressee, text, n, deadline, invalid.0.is_empty()) {
            (Some(addressee), Some(text), Some(n), Some(deadline), true) => {
                Ok(Chat { addressee, model, n, stream, include_usage, text, deadline })
            }
            _ => Err(invalid),
        }
    }

    /// What is passed over, but could not be done in any case.
    fn impossible(&self) -> Vec<FieldError> {
        let numbers = [
            ("temperature", self.temperature, 0.0, 2.0),
            ("top_p", self.top_p, 0.0, 1.0),
            ("presence_penalty", self.presence_penalty, -2.0, 2.0),
            ("frequency_penalty", self.frequency_penalty, -2.0, 2.0),
        ];
        let numbers = numbers.into_iter().filter_map(|(name, number, least, most)| {
            let outside = !(least..=most).contains(&number?);
            outside.then(|| FieldError::new(name, format!("must be between {least} and {most}")))
        });
        let lengths =
            [("max_tokens", self.max_tokens), ("max_completion_tokens", self.max_completion_tokens)];
        let lengths = lengths
            .into_iter()
            .filter(|(_, number)| number.is_some_and(|number| number < 1))
            .map(|(name, _)| FieldError::new(name, "must be at least 1"));
        let format = self.response_format.as_ref().filter(|format| format["type"] != "text");
        let format = format.map(|_| {
            FieldError::new("response_format", "must be {\"type\": \"text\"}: skills answer in texts")
        });
        let tools = self.tool_choice.as_ref().filter(|choice| *choice != "auto" && *choice != "none");
        let tools = tools.map(|_| {
            FieldError::new("tool_choice", "must be auto or none: skills call no tools of the client")
        });
        numbers.chain(lengths).chain(format).chain(tools).collect()
    }
}

impl Chat {
    /// The question that is asked for it, of this skill, or of those that fit where it is `None`.
    pub fn question(&self, skill: Option<SkillRef>) -> Question {
        let selection = skill
            .map_or(Selection::Published, |skill| Selection::Only { field: "model", skills: vec![skill] });
        Question {
            selection,
            max_skills: self.n,
            deadline: self.deadline,
            ..Question::new(self.text.clone())
        }
    }
}

impl Addressee {
    /// Whether a model of this name is the one that has skills chosen.
    pub fn is_routed(model: &str) -> bool {
        SkillName::key_of(model) == ROUTING_MODEL
    }
}

fn addressee(model: &str) -> Result<Addressee, FieldError> {
    if Addressee::is_routed(model) {
        return Ok(Addressee::Routed);
    }
    let skill = SkillChoice::Text(model.to_owned()).into_ref();
    let skill = skill.ok_or_else(|| FieldError::new("model", "must name square or a skill"))?;
    Ok(Addressee::Skill(skill))
}

/// What the user said last.
fn question(messages: &[ChatMessage]) -> Result<QuestionText, FieldError> {
    let last = messages.iter().enumerate().rev().find(|(_, message)| message.role.as_deref() == Some("user"));
    let (index, message) =
        last.ok_or_else(|| FieldError::new("messages", "must hold a message of the role user"))?;
    let field = format!("messages[{index}].content");
    let text = match &message.content {
        None => String::new(),
        Some(ChatContent::Text(text)) => text.clone(),
        Some(ChatContent::Parts(parts)) => text_of(parts, &field)?,
    };
    QuestionText::parse("messages", &text).map_err(|error| FieldError::new(field, error.message))
}

fn text_of(parts: &[ChatPart], field: &str) -> Result<String, FieldError> {
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        match (part.kind.as_deref(), &part.text) {
            (Some("text"), Some(text)) => texts.push(text.as_str()),
            (Some("text"), None) => {
                return Err(FieldError::new(format!("{field}[{index}].text"), "must not be missing"));
            }
            (kind, _) => {
                let kind: String = kind.unwrap_or("nothing").chars().take(50).collect();
                let message = format!("must be text, not {kind}: skills are asked in words alone");
                return Err(FieldError::new(format!("{field}[{index}].type"), message));
            }
        }
    }
    Ok(texts.join("\n"))
}
