use super::{EntryRow, QuestionRow};
use crate::Database;
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::schema::questions::{log_entries, questions, unfinished_questions};
use diesel::connection::TransactionManager;
use diesel::prelude::*;
use square_kernel::Unavailable;
use std::thread::{self, JoinHandle};
use tokio::sync::{mpsc, oneshot};

/// How many changes may wait. Who comes when the queue is full waits for room, in the order of coming.
const QUEUE: usize = 1024;

/// One change of the log: all of it or nothing.
pub(super) enum Change {
    Open(QuestionRow),
    Append {
        rows: Vec<EntryRow>,
        ended: Option<Key>,
    },
    /// Only waits for its turn.
    Nothing,
}

struct Job {
    change: Change,
    done: oneshot::Sender<Result<(), Unavailable>>,
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
    pub(super) async fn write(&self, change: Change) -> Result<(), Unavailable> {
        let (done, written) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| Unavailable::new(WriterEnded))?;
        // Unconstrained: a task that has used up its share of the runtime would otherwise take its place in
        // the queue later than at the first poll, and changes of one caller could change places.
        let queued = tokio::task::unconstrained(queue.send(Job { change, done })).await;
        queued.map_err(|_| Unavailable::new(WriterEnded))?;
        written.await.unwrap_or_else(|_| Err(Unavailable::new(WriterEnded)))
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

fn write_all(database: &Database, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::new();
    while jobs.blocking_recv_many(&mut batch, QUEUE) > 0 {
        let (changes, waiting): (Vec<Change>, Vec<_>) =
            batch.drain(..).map(|job| (job.change, job.done)).unzip();
        for (done, outcome) in waiting.into_iter().zip(commit(database, &changes)) {
            // Whoever asked may have gone.
            let _ = done.send(outcome);
        }
    }
}

/// Commits all changes as one transaction. Only when that fails each gets a savepoint, which costs time, so
/// that a change that cannot be stored does not take its neighbours along.
fn commit(database: &Database, changes: &[Change]) -> Vec<Result<(), Unavailable>> {
    let together =
        database.write_next(|connection| changes.iter().try_for_each(|change| change.apply(connection)));
    let result = match together {
        Err(_) if changes.len() > 1 => database.write_next(|connection| {
            changes.iter().map(|change| apply_alone(connection, change)).collect::<QueryResult<Vec<_>>>()
        }),
        result => result.map(|()| changes.iter().map(|_| Ok(())).collect()),
    };
    result.unwrap_or_else(|error| changes.iter().map(|_| Err(error.clone())).collect())
}

/// The inner result is the change's own; the outer one tells whether the transaction can go on.
fn apply_alone(connection: &mut DbConnection, change: &Change) -> QueryResult<Result<(), Unavailable>> {
    DbConnection::begin_transaction(connection)?;
    match change.apply(connection) {
        Ok(()) => DbConnection::commit_transaction(connection).map(Ok),
        Err(error) => {
            // SQLite may have ended the whole transaction for want of space. The savepoint is gone then, this
            // fails, and nothing further is written outside of a transaction.
            DbConnection::rollback_transaction(connection)?;
            Ok(Err(Unavailable::new(error)))
        }
    }
}

impl Change {
    fn apply(&self, connection: &mut DbConnection) -> QueryResult<()> {
        match self {
            Self::Open(row) => {
                diesel::insert_into(questions::table).values(row).execute(connection)?;
                let unfinished = unfinished_questions::question_id.eq(row.id);
                diesel::insert_into(unfinished_questions::table).values(unfinished).execute(connection)?;
            }
            Self::Append { rows, ended } => {
                for row in rows {
                    diesel::insert_into(log_entries::table).values(row).execute(connection)?;
                }
                if let Some(question) = ended {
                    let row = unfinished_questions::table.find(*question);
                    diesel::delete(row).execute(connection)?;
                }
            }
            Self::Nothing => {}
        }
        Ok(())
    }
}
