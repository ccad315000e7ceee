use crate::live::{LiveQuestion, Watcher, first_after};
use crate::{AnsweredQuestion, LogEntry, QuestionId, QuestionRecord, Router};
use square_kernel::{Asker, Unavailable, UserId};
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
///
/// As long as there is one, the question counts as watched.
pub struct AnswerStream {
    record: Arc<QuestionRecord>,
    source: Source,
    /// The number of the last entry that was read or passed over.
    after: u32,
}

enum Source {
    Live(Watcher),
    Stored(Vec<Arc<LogEntry>>),
}

impl AnswerStream {
    pub(crate) fn live(question: &Arc<LiveQuestion>, after: u32) -> Self {
        let record = Arc::clone(&question.record);
        Self { record, source: Source::Live(Watcher::new(question)), after }
    }

    fn stored(question: AnsweredQuestion, after: u32) -> Self {
        Self { record: Arc::new(question.question), source: Source::Stored(question.entries), after }
    }

    /// The question, whose first events follow from it: see [`QuestionRecord::opening_events`].
    pub fn record(&self) -> &Arc<QuestionRecord> {
        &self.record
    }

    /// The number of the last event that was read or passed over.
    pub fn after(&self) -> u32 {
        self.after
    }

    /// Whether there is nothing more to read, now and for ever.
    pub fn is_over(&self) -> bool {
        match &self.source {
            Source::Live(question) => question.finished() && question.last() <= self.after,
            Source::Stored(entries) => first_after(entries, self.after).is_none(),
        }
    }

    /// The next entry, as soon as it is stored; `None` after the last one. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Arc<LogEntry>>, Unavailable> {
        let entry = match &self.source {
            Source::Live(question) => question.entry_after(self.after).await?,
            Source::Stored(entries) => first_after(entries, self.after).cloned(),
        };
        if let Some(entry) = &entry {
            self.after = entry.seq;
        }
        Ok(entry)
    }

    /// Waits for the end and gives the question with its whole log.
    pub async fn all(mut self) -> Result<AnsweredQuestion, Unavailable> {
        while self.next().await?.is_some() {}
        Ok(match self.source {
            Source::Live(question) => answered(&question),
            Source::Stored(entries) => {
                AnsweredQuestion { question: Arc::unwrap_or_clone(self.record), entries }
            }
        })
    }
}

fn answered(question: &LiveQuestion) -> AnsweredQuestion {
    AnsweredQuestion { question: (*question.record).clone(), entries: question.entries() }
}

impl Router {
    /// The log of a question from the event after number `after` on, 0 for all of it. A question that nobody
    /// signed in for is open to whoever knows its id; any other only to who asked.
    ///
    /// One that another instance works on is followed in the log; where it is deleted there, it ends as one that was cancelled. Should its end not be stored a minute after the question's
    /// deadline, the stream ends with an error. Must be called within a tokio runtime.
    pub async fn watch(&self, asker: &Asker, id: QuestionId, after: u32) -> Result<AnswerStream, WatchError> {
        self.watch_if(|owner| readable(asker, owner), id, after).await
    }

    /// The same for who may by the word of `allowed`, which is told who asked.
    pub(crate) async fn watch_if(
        &self,
        allowed: impl Fn(Option<UserId>) -> Result<(), WatchError> + Send,
        id: QuestionId,
        after: u32,
    ) -> Result<AnswerStream, WatchError> {
        if let Some(live) = self.live.get(id).or_else(|| self.followed.get(id)) {
            allowed(live.record.asker)?;
            return Ok(AnswerStream::live(&live, after));
        }
        let stored = self.parts.log.find(id).await?.ok_or(WatchError::NotFound)?;
        allowed(stored.question.asker)?;
        if stored.finish().is_some() {
            return Ok(AnswerStream::stored(stored, after));
        }
        let (log, clock) = (&self.parts.log, &self.parts.clock);
        let followed = self.followed.follow(log, clock, stored, self.parts.policy.grace);
        Ok(AnswerStream::live(&followed, after))
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

pub(crate) fn readable(asker: &Asker, owner: Option<UserId>) -> Result<(), WatchError> {
    match owner {
        Some(owner) if !asker.is(owner) => Err(WatchError::NotFound),
        _ => Ok(()),
    }
}
