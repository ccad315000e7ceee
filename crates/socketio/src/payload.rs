use crate::transport::Seated;
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer};
use socketioxide::adapter::Adapter;
use socketioxide::extract::TryData;
use socketioxide::handler::FromMessageParts;
use socketioxide::socket::Socket;
use socketioxide_core::Value;
use square_wire::Fault;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

/// How long the JSON of an event may be, in bytes.
const LONGEST: usize = 1024 * 1024;

/// `train`: publishes a skill through training.
#[derive(Debug, Deserialize)]
pub(crate) struct Train {
    /// The skill.
    pub(crate) id: String,
    /// Example questions to learn from, one a line.
    #[serde(default, rename = "train_file")]
    pub(crate) to_learn: File,
    /// Example questions to measure with, one a line.
    #[serde(default, rename = "dev_file")]
    pub(crate) held_out: File,
    /// An access token.
    pub(crate) jwt: Option<String>,
}

/// `unpublish`: takes a skill out of routing.
#[derive(Debug, Deserialize)]
pub(crate) struct Unpublish {
    /// The skill.
    pub(crate) id: String,
    /// An access token.
    pub(crate) jwt: Option<String>,
}

/// A file, where there is one: a binary attachment, or text. (No `Option<File>`: attachments are not found within options.)
#[derive(Default)]
pub(crate) struct File(pub(crate) Option<Vec<u8>>);

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({:?} bytes)", self.0.as_ref().map(Vec::len))
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Content;
        impl Visitor<'_> for Content {
            type Value = File;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary attachment or text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<File, E> {
                Ok(File(Some(text.as_bytes().to_vec())))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<File, E> {
                Ok(File(Some(bytes.to_vec())))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<File, E> {
                Ok(File(Some(bytes)))
            }

            fn visit_unit<E: Error>(self) -> Result<File, E> {
                Ok(File(None))
            }
        }
        deserializer.deserialize_any(Content)
    }
}

/// What came with an event, or the fault that says what is wrong with it.
pub(crate) struct Body<T>(pub(crate) Result<T, Fault>);

impl<T: DeserializeOwned, A: Adapter> FromMessageParts<A> for Body<T> {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<A>>,
        body: &mut Value,
        acknowledge: &Option<i64>,
    ) -> Result<Self, Infallible> {
        if let Some(Seated(place)) = socket.req_parts().extensions.get() {
            place.let_go();
        }
        let length = match &*body {
            Value::Str(text, _) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        };
        // Attachments are not counted. Looked at before it is read: a few bytes of JSON can take hundreds in memory.
        if length > LONGEST {
            return Ok(Self(Err(Fault::too_large("a message", LONGEST))));
        }
        let TryData(read) = TryData::from_message_parts(socket, body, acknowledge)?;
        Ok(Self(read.map_err(|error| Fault::malformed(format!("the event cannot be read: {error}")))))
    }
}
