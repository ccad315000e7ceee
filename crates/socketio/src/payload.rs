use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use socketioxide::ParserError;
use square_wire::Fault;
use std::fmt;

/// `train`: publishes a skill through training.
#[derive(Debug, Deserialize)]
pub(crate) struct Train {
    /// The skill.
    pub(crate) id: String,
    /// Example questions to learn from, one a line.
    pub(crate) train_file: Option<File>,
    /// Example questions to measure with, one a line.
    pub(crate) dev_file: Option<File>,
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

/// A file: a binary attachment, or text.
#[derive(PartialEq, Eq)]
pub(crate) struct File(pub(crate) Vec<u8>);

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.0.len())
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
                Ok(File(text.as_bytes().to_vec()))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<File, E> {
                Ok(File(bytes.to_vec()))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<File, E> {
                Ok(File(bytes))
            }
        }
        deserializer.deserialize_any(Content)
    }
}

/// What came with an event, or the fault that says what is wrong with it.
pub(crate) fn read<T>(body: Result<T, ParserError>) -> Result<T, Fault> {
    body.map_err(|error| Fault::malformed(format!("the event cannot be read: {error}")))
}
