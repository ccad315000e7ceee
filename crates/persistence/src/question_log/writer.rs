use super::batch::{Batch, Change, Part};
use crate::Database;
use diesel::result::{DatabaseErrorKind, Error};
use square_kernel::Unavailable;
use square_routing::AppendError;
use std::cell::Cell;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many changes may wait. Who comes when the queue is full waits for room, in the order of coming.
const QUEUE: usize = 1024;

/// For how long the change is looked for that a database does not take for reasons of its own.
const PATIENCE: Duration = Duration::from_secs(2);

struct Job {
    change: Change,
    done: oneshot::Sender<Result<(), AppendError>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the thread that writes the answer log has ended")]
struct WriterEnded;

/// The thread that writes the log.
///
/// It writes through the one connection that all writers share, and goes before those that wait. A connection
/// of its own, with the file's lock between the two, was measured against it (five runs each in turn, debug
/// build): alone both store an answer in about 0.1 ms; beside four writers that never pause the median is 0.2 to
/// 0.3 ms against 0.1 to 0.15, but the worst answer takes 11 to 33 ms against 19 to 74, and the others' 99th
/// percentile is 3 to 15 ms against 9 to 20. SQLite keeps no queue: who finds the file locked sleeps for
/// milliseconds and tries again. The better worst case was chosen, since other writers rarely come so thick.
///
/// On PostgreSQL one writer stores up to 24000 questions a second with an answer each; two processes side by side came to 23000 and
/// 41000 together (release build, two cores that were busy with other things, too). One is more than the rest of a process
/// can ask, so there is one.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(database: Database) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("answer-log".to_owned());
        let thread = thread.spawn(move || write_all(&database, jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a change at the first poll and returns once it is committed. It is committed also when the
    /// caller stops waiting after that poll.
    pub(super) async fn write(&self, change: Change) -> Result<(), AppendError> {
        let (done, written) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| Unavailable::new(WriterEnded))?;
        // Unconstrained: a task that has used up its share of the runtime would otherwise take its place in
        // the queue later than at the first poll, and changes of one caller could change places.
        let queued = tokio::task::unconstrained(queue.send(Job { change, done })).await;
        queued.map_err(|_| Unavailable::new(WriterEnded))?;
        written.await.unwrap_or_else(|_| Err(Unavailable::new(WriterEnded).into()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when the queue is closed and empty.
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported to those who waited for it.
            let _ = thread.join();
        }
    }
}

fn write_all(database: &Database, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while queue.blocking_recv_many(&mut jobs, QUEUE) > 0 {
        let (changes, waiting): (Vec<Change>, Vec<_>) =
            jobs.drain(..).map(|job| (job.change, job.done)).unzip();
        let batch: Batch = changes.into_iter().collect();
        for (done, outcome) in waiting.into_iter().zip(commit(database, batch.whole(), Instant::now())) {
            // Whoever asked may have gone.
            let _ = done.send(outcome);
        }
    }
}

/// Writes all changes, each whole or not at all: together where that can be done, else in two halves, and so on, so that a
/// change that cannot be stored does not take its neighbours along.
fn commit(database: &Database, changes: Part<'_>, begun: Instant) -> Vec<Result<(), AppendError>> {
    match together(database, changes) {
        Ok(()) => vec![Ok(()); changes.len()],
        Err(fault) if changes.len() > 1 && fault.is_of_one_change(begun) => {
            let (first, second) = changes.halves();
            let mut outcomes = commit(database, first, begun);
            outcomes.extend(commit(database, second, begun));
            outcomes
        }
        Err(fault) => vec![Err(fault.of(changes)); changes.len()],
    }
}

/// Why changes could not be written together.
struct Fault {
    cause: Unavailable,
    /// What the database said, when it was the database.
    kind: Option<DatabaseErrorKind>,
}

impl Fault {
    /// Whether the others could be written without one of them.
    fn is_of_one_change(&self, begun: Instant) -> bool {
        match self.kind {
            Some(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation,
            ) => true,
            // A change may be too large; but where the database is in trouble itself, no time is to be lost.
            Some(DatabaseErrorKind::Unknown) => begun.elapsed() < PATIENCE,
            _ => false,
        }
    }

    /// What it means for who asked for `changes`.
    fn of(self, changes: Part<'_>) -> AppendError {
        match self.kind {
            Some(DatabaseErrorKind::UniqueViolation) if changes.appends() => AppendError::Taken,
            // The question is all that entries refer to.
            Some(DatabaseErrorKind::ForeignKeyViolation) if changes.appends() => AppendError::Gone,
            _ => self.cause.into(),
        }
    }
}

/// Commits all changes as one transaction.
fn together(database: &Database, changes: Part<'_>) -> Result<(), Fault> {
    let kind = Cell::new(None);
    let written = database.write_next(|connection| {
        kind.set(None);
        changes.make(connection).map_err(|error| {
            let Error::DatabaseError(said, info) = error else { return error };
            kind.set(Some(said));
            match said {
                // Taken for the trace of another transaction, it would have this one tried again; but numbers that are
                // taken stay taken.
                DatabaseErrorKind::UniqueViolation => Error::QueryBuilderError(info.message().into()),
                said => Error::DatabaseError(said, info),
            }
        })
    });
    written.map_err(|cause| Fault { cause, kind: kind.get() })
}
