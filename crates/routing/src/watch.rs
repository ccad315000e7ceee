use crate::live::LiveQuestion;
use crate::{AnsweredQuestion, LogEntry, QuestionId, Router};
use square_kernel::{Asker, Unavailable};
use std::sync::Arc;

/// Why a question cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WatchError {
    /// There is no such question, or it is somebody else's.
    #[error("there is no such question")]
    NotFound,
    /// The log cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The log of a question as it grows, read from a cursor on. Only what is stored is shown.
pub struct AnswerStream {
    source: Source,
    /// How many entries were read or passed over.
    read: usize,
}

enum Source {
    Live(Arc<LiveQuestion>),
    Stored(Box<AnsweredQuestion>),
}

impl AnswerStream {
    pub(crate) fn live(question: Arc<LiveQuestion>, after: usize) -> Self {
        Self { source: Source::Live(question), read: after }
    }

    fn stored(question: AnsweredQuestion, after: usize) -> Self {
        Self { source: Source::Stored(Box::new(question)), read: after }
    }

    /// The next entry, as soon as it is stored; `None` after the last one. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Arc<LogEntry>>, Unavailable> {
        let entry = match &self.source {
            Source::Live(question) => question.entry(self.read).await?,
            Source::Stored(question) => question.entries.get(self.read).cloned(),
        };
        self.read += usize::from(entry.is_some());
        Ok(entry)
    }

    /// Waits for the end and gives the question with its whole log.
    pub async fn all(mut self) -> Result<AnsweredQuestion, Unavailable> {
        while self.next().await?.is_some() {}
        Ok(match self.source {
            Source::Live(question) => answered(&question),
            Source::Stored(question) => *question,
        })
    }
}

fn answered(question: &LiveQuestion) -> AnsweredQuestion {
    AnsweredQuestion { question: (*question.record).clone(), entries: question.entries() }
}

impl Router {
    /// The log of a question from the entry after number `after` on, 0 for all of it. A question that nobody
    /// signed in for is open to whoever knows its id; any other only to who asked.
    ///
    /// One that another instance works on is followed in the log. Should its end not be stored a minute after the question's
    /// deadline, the stream ends with an error. Must be called within a tokio runtime.
    pub async fn watch(&self, asker: &Asker, id: QuestionId, after: u32) -> Result<AnswerStream, WatchError> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        if let Some(live) = self.live.get(id).or_else(|| self.followed.get(id)) {
            readable(asker, live.record.asker)?;
            return Ok(AnswerStream::live(live, after));
        }
        let stored = self.stored(asker, id).await?;
        if stored.finish().is_some() {
            return Ok(AnswerStream::stored(stored, after));
        }
        Ok(AnswerStream::live(self.followed.follow(&self.parts.log, stored), after))
    }

    /// A question with what is stored of its log by now.
    pub async fn find(&self, asker: &Asker, id: QuestionId) -> Result<AnsweredQuestion, WatchError> {
        if let Some(live) = self.live.get(id) {
            readable(asker, live.record.asker)?;
            return Ok(answered(&live));
        }
        self.stored(asker, id).await
    }

    // A live question leaves the list only after its last entry is stored, so looking there first and in the
    // log second misses nothing: what has no end in the log by then is another instance's, or nobody's.
    async fn stored(&self, asker: &Asker, id: QuestionId) -> Result<AnsweredQuestion, WatchError> {
        let stored = self.parts.log.find(id).await?.ok_or(WatchError::NotFound)?;
        readable(asker, stored.question.asker)?;
        Ok(stored)
    }
}

pub(crate) fn readable(asker: &Asker, owner: Option<square_kernel::UserId>) -> Result<(), WatchError> {
    match owner {
        Some(owner) if !asker.is(owner) => Err(WatchError::NotFound),
        _ => Ok(()),
    }
}
