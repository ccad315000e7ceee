use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Asker;
use std::sync::Arc;
use std::time::Duration;

/// Something that answers questions: a service behind a URL or a part of this process, alike.
///
/// Deadlines, concurrency limits and the like are decorators of this trait. An implementation MUST be
/// cancel-safe: the returned future may be dropped at any await point.
#[async_trait]
pub trait Skill: Send + Sync {
    /// Answers with at most `request.max_results` items, best first. Nothing found is an item that says so
    /// or an empty list, never a failure.
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure>;

    /// [`Skill::answer`], telling `deltas` of the answer as it grows. A skill that gives its answer all at once need
    /// not implement it; a decorator MUST, or what it decorates is not heard.
    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let _ = deltas;
        self.answer(request).await
    }

    /// Whether the skill could be asked now. Parts of this process always can.
    async fn ping(&self) -> Result<(), SkillFailure> {
        Ok(())
    }

    /// Why the skill is not asked at the moment, where it is not. A decorator MUST hand it on.
    fn outage(&self) -> Option<Outage> {
        None
    }

    /// Whether the skill was asked as often as it may be for now. Somebody may be refused also where it was not a moment
    /// ago. A decorator MUST hand it on.
    fn is_exhausted(&self) -> bool {
        false
    }
}

/// Hears an answer as it grows.
///
/// The pieces, joined in the order in which they are told, are the text of the first item of the answer that follows,
/// or its beginning. An answer may fail after some were told.
pub trait DeltaSink: Send + Sync {
    /// The next piece, which is never empty. MUST NOT block: whoever tells it holds up the answer.
    fn grown(&self, piece: &str);
}

/// Hears nothing: for who wants the whole answer alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unheard;

impl DeltaSink for Unheard {
    fn grown(&self, _piece: &str) {}
}

/// A skill is not asked for a while, because it failed too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// What went wrong, for people.
    pub reason: Arc<str>,
    /// When it is looked at again; `None` when the next question is the trial.
    pub next_probe: Option<Timestamp>,
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
    /// What it is based on, where the skill says so; best first.
    pub documents: Vec<Document>,
}

/// A document that an item is based on. All but the text may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// What it says.
    pub text: String,
    /// Where it can be read: an http or https URL.
    pub url: Option<String>,
    /// Where it comes from, for people.
    pub source: Option<String>,
    /// Its name in the place where the skill found it.
    pub id: Option<String>,
    /// How well it fits, on the skill's own scale.
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
        Self { body: ResultBody::PlainText(text.into()), score: None, documents: Vec::new() }
    }

    /// Pairs without a score.
    pub fn pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { body: ResultBody::KeyValue(pairs), score: None, documents: Vec::new() }
    }
}

/// Why a skill gave no answer. The text of each is fit to show to the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkillFailure {
    /// It did not answer within its time limit or the question's deadline.
    #[error("the skill did not answer in time")]
    TimedOut,
    /// It was connected to, but its answer did not begin within this time.
    #[error("the skill did not begin to answer within {} s", .0.as_secs_f64())]
    NoFirstByte(Duration),
    /// Its answer had begun, but nothing came for this time.
    #[error("the skill fell silent for {} s in the middle of its answer", .0.as_secs_f64())]
    Idle(Duration),
    /// Its name leads to no address.
    #[error("the skill's host name is not known")]
    UnknownHost,
    /// No connection came about.
    #[error("the skill could not be reached")]
    Unreachable,
    /// There was a connection, but no secure one.
    #[error("no secure connection to the skill came about")]
    Tls,
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
    /// It says itself that it failed.
    #[error("the skill reports an error: {0}")]
    Reported(String),
    /// It is not asked for a while, because it failed too often.
    #[error("the skill is not asked at the moment ({reason}); it is tried again {}", soon(*.retry_in))]
    BreakerOpen {
        /// What went wrong.
        reason: Arc<str>,
        /// In how long it is looked at again; `None` when a trial is under way.
        retry_in: Option<Duration>,
    },
    /// It answers as many questions as it may at once.
    #[error("the skill is answering {0} questions already, which is as many as it may at once")]
    Busy(usize),
    /// It was asked as often as it may be for now.
    #[error("the skill was asked as often as it may be; it may be asked again {}", soon(Some(*.retry_in)))]
    RateLimited {
        /// After how long it may be asked again.
        retry_in: Duration,
    },
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
            Self::TimedOut | Self::NoFirstByte(_) | Self::Idle(_) => "timed_out",
            Self::UnknownHost => "unknown_host",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls_failed",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::Status(_) => "bad_status",
            Self::TooLarge(_) => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Reported(_) => "reported",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::Busy(_) => "busy",
            Self::RateLimited { .. } => "rate_limited",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// When something is tried again, as people say it.
fn soon(retry_in: Option<Duration>) -> String {
    match retry_in {
        // Rounded up: who comes back then comes in time.
        Some(pause) => format!("in {} s", pause.as_millis().div_ceil(1000)),
        None => "right now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    struct Echo;

    #[async_trait]
    impl Skill for Echo {
        async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
            Ok(vec![ResultItem::text(&*request.question)])
        }
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl DeltaSink for Heard {
        fn grown(&self, piece: &str) {
            self.0.lock().unwrap().push(piece.to_owned());
        }
    }

    #[tokio::test]
    async fn a_skill_that_answers_at_once_may_be_asked_for_parts_too() {
        let (request, heard) = (request("Who?"), Heard::default());
        let answer = Echo.answer_in_parts(&request, &heard).await;
        assert_eq!(answer, Ok(vec![ResultItem::text("Who?")]));
        assert!(heard.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_pause_is_told_in_whole_seconds_that_are_not_too_few() {
        let told = |retry_in| SkillFailure::BreakerOpen { reason: "it is gone".into(), retry_in }.to_string();
        let wanted = "the skill is not asked at the moment (it is gone); it is tried again in 5 s";
        assert_eq!(told(Some(Duration::from_millis(4001))), wanted);
        assert!(told(None).ends_with("it is tried again right now"));
        assert!(SkillFailure::Idle(Duration::from_millis(1500)).to_string().contains("for 1.5 s"));
    }

    fn request(question: &str) -> SkillRequest {
        SkillRequest { question: question.into(), max_results: 1, asker: Asker::default(), skill_args: None }
    }
}
