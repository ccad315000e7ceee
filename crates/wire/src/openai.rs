//! The shapes of OpenAI's API, chat completions and models, in which questions are asked and answered too.
//! docs/openai.md says what each field means here.
//! Source: the OpenAPI document of OpenAI's API, version 2.3, as its clients for Python and Node speak it.

mod answer_text;
mod chunks;
mod completion;
mod error;
mod model;
mod request;

pub use chunks::{ChatChunk, ChatChunkChoice, ChatDelta, ChatStream, ChatStreamEvent, ChatStreamOpening};
pub use completion::{
    AskedSkill, ChatAnswer, ChatChoice, ChatCompletion, ChatQuestion, ChatUsage, FailedSkill,
};
pub use error::{OpenAiError, OpenAiErrorBody};
pub use model::{Model, ModelList, ModelSkill};
pub use request::{Addressee, Chat, ChatContent, ChatMessage, ChatPart, ChatRequest, ChatStreamOptions};

/// The model that stands for the whole of Square: whoever asks it has the skills chosen.
pub const ROUTING_MODEL: &str = "square";
