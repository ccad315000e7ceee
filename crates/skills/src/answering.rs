use async_trait::async_trait;
use square_kernel::Asker;
use std::sync::Arc;

/// Something that answers questions: a service behind a URL or a part of this process, alike.
///
/// Deadlines, concurrency limits and the like are decorators of this trait. An implementation MUST be
/// cancel-safe: the returned future may be dropped at any await point.
#[async_trait]
pub trait Skill: Send + Sync {
    /// Answers with at most `request.max_results` items, best first. Nothing found is an item that says so
    /// or an empty list, never a failure.
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure>;

    /// Whether the skill could be asked now. Parts of this process always can.
    async fn ping(&self) -> Result<(), SkillFailure> {
        Ok(())
    }
}

/// One question as a skill gets it. Shared by all skills that are asked it.
#[derive(Debug, Clone)]
pub struct SkillRequest {
    /// The question's text.
    pub question: Arc<str>,
    /// The most items the answer may have, at least 1.
    pub max_results: u16,
    /// Who asks; what they may see differs. Not passed on to remote skills.
    pub asker: Asker,
    /// A JSON object for the skill, as text, where the client sent one.
    pub skill_args: Option<Arc<str>>,
}

/// One item of a skill's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultItem {
    /// What it says.
    pub body: ResultBody,
    /// How sure the skill is of it, where it says so; the scale is the skill's own.
    pub score: Option<f64>,
}

/// The forms an answer can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultBody {
    /// Text without markup.
    PlainText(String),
    /// Pairs of a key and its value, in the order to show them.
    KeyValue(Vec<(String, String)>),
    /// HTML that is safe to show: whoever makes this variant from foreign HTML has sanitised it.
    RawHtml(String),
}

impl ResultItem {
    /// A text without a score.
    pub fn text(text: impl Into<String>) -> Self {
        Self { body: ResultBody::PlainText(text.into()), score: None }
    }

    /// Pairs without a score.
    pub fn pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { body: ResultBody::KeyValue(pairs), score: None }
    }
}

/// Why a skill gave no answer. The text of each is fit to show to the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkillFailure {
    /// It did not answer within its time limit or the question's deadline.
    #[error("the skill did not answer in time")]
    TimedOut,
    /// No connection came about.
    #[error("the skill could not be reached")]
    Unreachable,
    /// Its address leads where this server may not go.
    #[error("the skill's address is not allowed")]
    AddressNotAllowed,
    /// It answered with an HTTP status other than 2xx.
    #[error("the skill answered with HTTP status {0}")]
    Status(u16),
    /// Its answer passed the size limit.
    #[error("the skill's answer is larger than {0} bytes")]
    TooLarge(u64),
    /// Its answer is not what its protocol says; the text tells where.
    #[error("the skill's answer is malformed: {0}")]
    Malformed(String),
    /// The asker gave up waiting.
    #[error("the question was cancelled")]
    Cancelled,
    /// A fault on this server's side while asking it.
    #[error("the skill could not be asked")]
    Internal,
}

impl SkillFailure {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::Status(_) => "bad_status",
            Self::TooLarge(_) => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}
