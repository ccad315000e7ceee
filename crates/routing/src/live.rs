use crate::{Ending, Finish, LogEntry, LogEvent, QuestionId, QuestionRecord};
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Questions this process is working on. Each stands here until its last entry is stored; from then on the
/// log alone knows it.
#[derive(Default)]
pub(crate) struct LiveQuestions {
    questions: Mutex<HashMap<QuestionId, Arc<LiveQuestion>>>,
    count: watch::Sender<usize>,
    left_open: Mutex<BTreeSet<QuestionId>>,
}

impl LiveQuestions {
    pub(crate) fn insert(&self, question: &Arc<LiveQuestion>) {
        lock(&self.questions).insert(question.record.id, Arc::clone(question));
        self.count.send_modify(|count| *count += 1);
    }

    pub(crate) fn get(&self, id: QuestionId) -> Option<Arc<LiveQuestion>> {
        lock(&self.questions).get(&id).cloned()
    }

    pub(crate) fn remove(&self, id: QuestionId) {
        if lock(&self.questions).remove(&id).is_some() {
            self.count.send_modify(|count| *count -= 1);
        }
    }

    /// Those of one person.
    pub(crate) fn of(&self, asker: UserId) -> Vec<Arc<LiveQuestion>> {
        let questions = lock(&self.questions);
        questions.values().filter(|question| question.record.asker == Some(asker)).cloned().collect()
    }

    /// Notes a question that could not be stored, or whose end could not.
    pub(crate) fn leave_open(&self, id: QuestionId) {
        lock(&self.left_open).insert(id);
    }

    /// The first of the questions noted by [`Self::leave_open`].
    pub(crate) fn left_open(&self, at_most: usize) -> Vec<QuestionId> {
        lock(&self.left_open).iter().take(at_most).copied().collect()
    }

    /// Forgets that a question was left open.
    pub(crate) fn forget_left_open(&self, id: QuestionId) {
        lock(&self.left_open).remove(&id);
    }

    pub(crate) async fn empty(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// How far the log of a live question is stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The question itself is stored.
    pub(crate) opened: bool,
    /// The last entry is stored.
    pub(crate) finished: bool,
    /// Storing failed; nothing more will come.
    pub(crate) failed: Option<Unavailable>,
    entries: Vec<Arc<LogEntry>>,
}

impl Progress {
    fn last(&self) -> Option<u32> {
        self.entries.last().map(|entry| entry.seq)
    }
}

/// One question under way, here or elsewhere: what is known to be stored of its log, and who waits for more.
///
/// Watchers keep a cursor into the one list of entries, so a watcher that does not read costs nothing.
pub(crate) struct LiveQuestion {
    pub(crate) record: Arc<QuestionRecord>,
    progress: watch::Sender<Progress>,
    cancelled: watch::Sender<bool>,
    watchers: watch::Sender<Watchers>,
}

/// Who watches a question here.
#[derive(Debug, Clone, Copy, Default)]
struct Watchers {
    now: usize,
    /// How many there ever were: one may come and go between two looks.
    ever: u64,
}

impl LiveQuestion {
    pub(crate) fn new(record: Arc<QuestionRecord>) -> Self {
        Self {
            record,
            progress: watch::Sender::default(),
            cancelled: watch::Sender::default(),
            watchers: watch::Sender::default(),
        }
    }

    /// The question is stored; it may be told of.
    pub(crate) fn open(&self) {
        self.progress.send_modify(|progress| progress.opened = true);
    }

    /// These entries are stored; they may be shown.
    pub(crate) fn publish(&self, entries: Vec<Arc<LogEntry>>) {
        self.progress.send_modify(|progress| {
            progress.finished |= entries.iter().any(|entry| matches!(entry.event, LogEvent::Finished(_)));
            progress.entries.extend(entries);
        });
    }

    /// The question was deleted, so that it ends here, as one that was cancelled. Of this nothing is stored: there is nothing to store
    /// it with.
    pub(crate) fn end_deleted(&self, now: Timestamp) {
        let finish = Finish { ending: Ending::Cancelled, took: self.record.under_way_for(now) };
        let seq = self.last().max(self.record.last_opening()) + 1;
        self.publish(vec![Arc::new(LogEntry { seq, at: now, event: LogEvent::Finished(finish) })]);
    }

    /// Storing failed: whatever was not shown yet never will be.
    pub(crate) fn fail(&self, cause: Unavailable) {
        self.progress.send_modify(|progress| progress.failed = Some(cause));
    }

    /// Nobody works on the question any more: what is not stored by now never will be. Tells whether its log may have been
    /// left without an end: a question that is not known to be stored may be all the same, where the answer of the
    /// database was lost.
    pub(crate) fn abandon(&self) -> bool {
        let mut left_open = false;
        self.progress.send_if_modified(|progress| {
            left_open = !progress.finished;
            let cut_off = left_open && progress.failed.is_none();
            if cut_off {
                progress.failed = Some(gone());
            }
            cut_off
        });
        left_open
    }

    /// Returns when the question is stored, or could not be.
    pub(crate) async fn opened(&self) -> Result<(), Unavailable> {
        let mut progress = self.progress.subscribe();
        match progress.wait_for(|progress| progress.opened || progress.failed.is_some()).await {
            Ok(progress) if progress.opened => Ok(()),
            Ok(progress) => Err(progress.failed.clone().unwrap_or_else(gone)),
            Err(_) => Err(gone()),
        }
    }

    /// The first entry whose number is above `seq`, as soon as it is stored; `None` when the log ends before it.
    pub(crate) async fn entry_after(&self, seq: u32) -> Result<Option<Arc<LogEntry>>, Unavailable> {
        let mut progress = self.progress.subscribe();
        let settled = |progress: &Progress| {
            progress.last().is_some_and(|last| last > seq) || progress.finished || progress.failed.is_some()
        };
        let progress = progress.wait_for(settled).await.map_err(|_| gone())?;
        match (first_after(&progress.entries, seq), &progress.failed) {
            (Some(entry), _) => Ok(Some(Arc::clone(entry))),
            (None, Some(cause)) => Err(cause.clone()),
            (None, None) => Ok(None),
        }
    }

    /// Returns when nothing more will be stored.
    pub(crate) async fn over(&self) {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|progress| progress.finished || progress.failed.is_some()).await;
    }

    /// The number of the last entry that is shown.
    pub(crate) fn last(&self) -> u32 {
        self.progress.borrow().last().unwrap_or_default()
    }

    /// Whether the last entry is stored.
    pub(crate) fn finished(&self) -> bool {
        self.progress.borrow().finished
    }

    /// What is stored so far.
    pub(crate) fn entries(&self) -> Vec<Arc<LogEntry>> {
        self.progress.borrow().entries.clone()
    }

    /// Returns once nobody watches the question here, and tells how many there were.
    pub(crate) async fn unwatched(&self) -> u64 {
        let mut watchers = self.watchers.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        watchers.wait_for(|watchers| watchers.now == 0).await.map_or(0, |watchers| watchers.ever)
    }

    /// Returns once more than `ever` have watched the question here.
    pub(crate) async fn watched_by_more_than(&self, ever: u64) {
        let _ = self.watchers.subscribe().wait_for(|watchers| watchers.ever > ever).await;
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Returns when the question is cancelled, if ever.
    pub(crate) async fn cancelled(&self) {
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// Somebody who watches a question.
pub(crate) struct Watcher(Arc<LiveQuestion>);

impl Watcher {
    pub(crate) fn new(question: &Arc<LiveQuestion>) -> Self {
        question.watchers.send_modify(|watchers| {
            watchers.now += 1;
            watchers.ever += 1;
        });
        Self(Arc::clone(question))
    }
}

impl std::ops::Deref for Watcher {
    type Target = LiveQuestion;

    fn deref(&self) -> &LiveQuestion {
        &self.0
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.send_modify(|watchers| watchers.now -= 1);
    }
}

/// The first of `entries`, which are in order, whose number is above `seq`.
pub(crate) fn first_after(entries: &[Arc<LogEntry>], seq: u32) -> Option<&Arc<LogEntry>> {
    entries.get(entries.partition_point(|entry| entry.seq <= seq))
}

fn gone() -> Unavailable {
    Unavailable::new("the question's task has gone")
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
