#![doc = include_str!("../protocol.md")]

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use square_kernel::{IdSyntax, Invalid};
pub use square_wire::Progress;
use square_wire::{ChangeMessage, ErrorBody, EventFilter, FallbackFrom, Fault, StreamEvent};
use std::str::FromStr;
use std::sync::Arc;
use uuid::Uuid;

/// The name under which clients offer the protocol in `Sec-WebSocket-Protocol`.
pub const SUBPROTOCOL: &str = "square.v1";

/// The longest `ref`, in characters.
pub const MAX_REF_CHARS: usize = 128;

/// `auth`: who the client is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Auth {
    /// An access token.
    pub token: String,
}

/// What a `query` may carry beside the question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct QueryOptions {
    /// How long the question may take, in milliseconds: 1 to 60 000, 10 000 where it is missing.
    pub deadline_ms: Option<i64>,
    /// Whether `accepted` is to tell at once that the question was taken, by which name and by whom.
    #[serde(default)]
    pub ack: bool,
    /// Which events are to come: `results`, which is the default, or `all`.
    pub events: Option<String>,
    /// Whether the question goes on when nobody watches it any more.
    #[serde(default)]
    pub respond_async: bool,
}

/// `resume`: the events of a question that follow a certain one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resume {
    /// The question.
    pub question_id: String,
    /// The `seq` of the last event that was seen; 0, which is the default, for all of them.
    #[serde(default)]
    pub after: u32,
    /// Which events are to come: `results`, which is the default, or `all`.
    pub events: Option<String>,
}

/// `cancel`: ends the question under the message's `ref`, or this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Cancel {
    /// The question; the one under `ref` where it is missing.
    pub question_id: Option<String>,
}

/// `train`: publishes a skill through training.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Train {
    /// The skill.
    pub id: String,
    /// Example questions to learn from, one a line.
    pub train_file: Option<String>,
    /// Example questions to measure with, one a line.
    pub dev_file: Option<String>,
}

/// `unpublish`: takes a skill out of routing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Unpublish {
    /// The skill.
    pub id: String,
}

/// `subscribe`: tells what changes from now on, as far as the client may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Subscribe {
    /// The channels; all of them where they are missing.
    pub channels: Option<Channels>,
}

/// Names of channels, `*` for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "must be a list of channels, or * for all")]
pub enum Channels {
    /// One name.
    One(String),
    /// Names, at least one.
    Several(Vec<String>),
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ServerMessage {
    /// `auth`: the token was accepted.
    Auth {
        /// Always `true`; a token that is refused is answered by `error`.
        ok: bool,
        /// The account.
        user_id: Uuid,
        /// Its name.
        username: Arc<str>,
    },
    /// `accepted`: the question was taken and stored.
    Accepted {
        /// The question, for `resume` and `GET /question/{id}`.
        question_id: Uuid,
        /// The selector that chose the skills.
        selector: String,
        /// The selector that was to choose and could not, so that another one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        fallback_from: Option<FallbackFrom>,
        /// The names of the skills that are asked.
        skills: Vec<String>,
    },
    /// `skill_result`, `finished` or, for who asked for all, another one: the next event of a question.
    Event(StreamEvent),
    /// `train`: how a training goes.
    Train(Progress),
    /// `unpublish`: the skill is out of routing.
    Unpublish(Progress),
    /// `subscribed`: whatever changes from now on is told.
    Subscribed {
        /// The channels that were chosen.
        channels: Vec<&'static str>,
    },
    /// `change`: something changed.
    Change(ChangeMessage),
    /// `missed`: the client read so slowly that changes were passed over. What it derived from changes may be stale.
    Missed {
        /// How many, on any channel and whether or not the client might have been told of them.
        count: u64,
    },
    /// `unsubscribed`: the last message of a subscription.
    Unsubscribed {},
    /// `pong`: the answer to `ping`.
    Pong {},
    /// `error`: what was asked for cannot be done.
    Error {
        /// What errors say everywhere.
        #[serde(flatten)]
        body: ErrorBody,
        /// After how many seconds trying again makes sense, where it does: what `Retry-After` says elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
}

impl ServerMessage {
    /// Its `type`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::Accepted { .. } => "accepted",
            Self::Event(event) => event.name(),
            Self::Train(_) => "train",
            Self::Unpublish(_) => "unpublish",
            Self::Subscribed { .. } => "subscribed",
            Self::Change(_) => "change",
            Self::Missed { .. } => "missed",
            Self::Unsubscribed {} => "unsubscribed",
            Self::Pong {} => "pong",
            Self::Error { .. } => "error",
        }
    }

    /// The text of its frame, under the `ref` of the message that caused it.
    pub fn to_json(&self, reference: Option<&str>) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            r#type: &'static str,
            #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
            reference: Option<&'a str>,
            #[serde(flatten)]
            message: &'a ServerMessage,
        }
        serde_json::to_string(&Tagged { r#type: self.kind(), reference, message: self })
    }
}

/// What a client calls something it has under way.
pub(crate) type Ref = Arc<str>;

/// A message as it came in, its kind and its `ref` taken out.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: String,
    pub(crate) reference: Option<Ref>,
    pub(crate) body: Value,
}

/// A message that cannot be taken; the error goes out under its `ref`, where it has one.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) reference: Option<Ref>,
    pub(crate) fault: Fault,
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        Self { reference: None, fault }
    }
}

impl Incoming {
    /// Reads a text frame. Only a `train` message may have more than `limit` bytes.
    pub(crate) fn read(text: &str, limit: usize) -> Result<Self, Unreadable> {
        if text.len() > limit {
            // Only now, and without keeping the rest: what is too large is not to be built up in memory.
            let head: Head = parse(text)?;
            if head.r#type != "train" {
                let reference = head.reference.and_then(|reference| reference_of(&reference).ok()).flatten();
                return Err(Unreadable { reference, fault: Fault::too_large("a message", limit) });
            }
        }
        let body: Value = parse(text)?;
        let reference = reference_of(body.get("ref").unwrap_or(&Value::Null))?;
        match body.get("type") {
            Some(Value::String(kind)) => Ok(Self { kind: kind.clone(), reference, body }),
            _ => {
                Err(Unreadable { reference, fault: Fault::wrong_type("type", "must be the kind of message") })
            }
        }
    }
}

/// The fields of a message, in the shape of its kind.
pub(crate) fn parts<'de, T: Deserialize<'de>>(body: &'de Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(body)
        .map_err(|error| Fault::wrong_type(&error.path().to_string(), &error.inner().to_string()))
}

/// The events that a client asks for.
pub(crate) fn filter(events: Option<&str>) -> Result<EventFilter, Fault> {
    EventFilter::parse("events", events).map_err(|error| Fault::from(&Invalid::from(error)))
}

/// An identifier that stands in `field`.
pub(crate) fn id<T: FromStr<Err = IdSyntax>>(field: &'static str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|wrong: IdSyntax| Fault::from(&Invalid::field(field, wrong.to_string())))
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
    #[serde(rename = "ref")]
    reference: Option<Value>,
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::malformed(format!("the message is no JSON object: {error}")))
}

fn reference_of(value: &Value) -> Result<Option<Ref>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if (1..=MAX_REF_CHARS).contains(&text.chars().count()) => {
            Ok(Some(text.as_str().into()))
        }
        _ => Err(Fault::wrong_type("ref", "must be text of 1 to 128 characters")),
    }
}
