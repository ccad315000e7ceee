use square_routing::SelectorUnavailable;
use square_skills::ports::LearningFailed;
use std::time::Duration;

/// Why a server was of no use. The texts follow the words "the selector failed:" and are fit for clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("its server cannot be reached")]
    Unreachable,
    #[error("its server did not answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("its server broke off in the middle of an answer")]
    BrokeOff,
    #[error("its server answered with more than {0} bytes")]
    TooLarge(usize),
    #[error("its server answered with status {status}{}", in_brackets(.kind))]
    Status {
        status: u16,
        /// The server's own word for what happened, where it has one.
        kind: String,
        retry_after: Option<Duration>,
    },
    #[error("its server answered from a part of its data only")]
    Partial,
    #[error("its server's answer makes no sense: {0}")]
    Malformed(String),
    /// It says itself what it could not do.
    #[error("its server could not do it: {0}")]
    Refused(String),
}

impl Trouble {
    /// Whether the same call may go well a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Status { status: 429 | 502 | 503 | 504, .. })
    }

    /// How long the server asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the answer has this status and, unless it is empty, this kind.
    pub(crate) fn is(&self, expected: u16, word: &str) -> bool {
        matches!(self, Self::Status { status, kind, .. } if *status == expected && (word.is_empty() || kind == word))
    }
}

impl From<Trouble> for LearningFailed {
    fn from(trouble: Trouble) -> Self {
        Self(trouble.to_string())
    }
}

impl From<Trouble> for SelectorUnavailable {
    fn from(trouble: Trouble) -> Self {
        Self(trouble.to_string())
    }
}

fn in_brackets(kind: &str) -> String {
    if kind.is_empty() { String::new() } else { format!(" ({kind})") }
}

/// The server's word for a kind of error, if it looks like one: such words are shown to clients.
pub(crate) fn word(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && text.len() <= 60 { text.to_owned() } else { String::new() }
}
