//! The one place that knows pools, threads and transactions.

use crate::changes::Changes;
use crate::connection::{DbConnection, Manager, Server};
use crate::database::Database;
use crate::sqlite;
use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{NopErrorHandler, Pool, PoolError, PooledConnection};
use diesel::result::{DatabaseErrorKind, Error};
use square_kernel::Unavailable;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tracing::Span;

/// How often a transaction is tried that others got in the way of.
const ATTEMPTS: u32 = 8;

/// How long, times the number of attempts, a transaction steps back that was in the way of another one. At once, it
/// could lock the same row before the other one wakes up.
const GIVING_WAY: Duration = Duration::from_millis(5);

/// How long a connection over the network is used, and how long it is kept without use.
const MAX_LIFETIME: Duration = Duration::from_mins(30);
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);

/// What databases say when two transactions wait for each other or one of them for too long, as far as diesel does not tell
/// it by the kind of the error: PostgreSQL, MySQL twice, MariaDB under snapshot isolation.
const CONFLICTS: [&str; 4] = [
    "deadlock detected",
    "Deadlock found",
    "Lock wait timeout exceeded",
    "Record has changed since last read",
];

/// How transactions begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// As the connection's settings say; on SQLite, locks are taken when needed.
    AsSet,
    /// Takes the write lock at once. A SQLite transaction that reads first and asks for the lock later
    /// fails whenever another one wrote in between, however long it is ready to wait.
    Immediate,
}

/// Connections of one kind, behind two gates that each let as many through as there are connections; who is
/// through both gets a connection without waiting.
///
/// Calls wait at the first gate, as tasks and in the order of coming, so there are never more threads than
/// connections. [`Database::write_next`] goes straight to the second one and so waits for what is running, but
/// for nothing that waits.
#[derive(Clone)]
pub(crate) struct Lane {
    pool: Pool<Manager>,
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
    begin: Begin,
    patience: Duration,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("no database connection")]
    Connection(#[from] PoolError),
    #[error("the database is closed")]
    Closed(#[from] AcquireError),
    #[error("all database connections are in use")]
    Busy(#[from] Elapsed),
    #[error("database error")]
    Query(#[from] Error),
}

impl Fault {
    /// When the same transaction may succeed after `attempts` that did not; `None` where that is not to be expected.
    fn passes_after(&self, attempts: u32) -> Option<Duration> {
        let Self::Query(error @ Error::DatabaseError(kind, info)) = self else { return None };
        let in_the_way = match kind {
            // Somebody else stored the row between a look and a write of this transaction. The next attempt sees it.
            DatabaseErrorKind::UniqueViolation => return Some(Duration::ZERO),
            DatabaseErrorKind::SerializationFailure => true,
            _ => {
                sqlite::is_busy(error)
                    || CONFLICTS.iter().any(|conflict| info.message().starts_with(conflict))
            }
        };
        in_the_way.then_some(GIVING_WAY * attempts)
    }
}

impl Database {
    /// Runs `work` in a reading transaction on a blocking thread: all it reads is of one moment.
    ///
    /// `work` may run again when others got in its way, so it must do nothing but read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.reading.run(work, |_| ()).await
    }

    /// Runs `work` in a writing transaction on a blocking thread; an error or a panic leaves nothing behind.
    /// Once begun it runs to its end, also when the caller goes away; a caller who goes away while it waits
    /// for its turn leaves nothing done.
    ///
    /// `work` may run again when others got in its way, so it must have no effect outside the database.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.writing.run(work, |_| ()).await
    }

    /// Like [`Database::write`]; in the same transaction what `work` changed is recorded, and then whoever waits for
    /// changes is told.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConnection, &mut Changes) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let recording = move |connection: &mut DbConnection| {
            let mut changes = Changes::default();
            let value = work(connection, &mut changes)?;
            changes.store(connection)?;
            Ok((value, changes))
        };
        let database = self.clone();
        let tell = move |(_, changes): &(T, Changes)| database.tell(changes);
        self.writing.run(recording, tell).await.map(|(value, _)| value)
    }

    /// Like [`Database::write`], but before all that waits, and on the caller's own thread, which must not be
    /// one that runs async tasks. For one thread only: several would keep the others waiting for ever.
    pub(crate) fn write_next<T>(
        &self,
        work: impl Fn(&mut DbConnection) -> QueryResult<T>,
    ) -> Result<T, Unavailable> {
        let _running = futures::executor::block_on(through(&self.writing.running))?;
        self.writing.transact(&work, self.writing.until())
    }
}

/// Runs `work`, whose failure is expected and undoes nothing but what `work` did; PostgreSQL would give up the whole
/// transaction otherwise. An error after which the transaction cannot go on must be handed on.
pub(crate) fn savepoint<T>(
    connection: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    DbConnection::begin_transaction(connection)?;
    let error = match work(connection) {
        Ok(value) => return DbConnection::commit_transaction(connection).map(|()| value),
        Err(error) => error,
    };
    // Where there is nothing to go back to, as after a deadlock on MySQL, this fails too, and its error says less.
    let _ = DbConnection::rollback_transaction(connection);
    Err(error)
}

async fn through(gate: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Unavailable> {
    Arc::clone(gate).acquire_owned().await.map_err(|error| Unavailable::new(Fault::from(error)))
}

/// Waits at `gate`, but not for ever: who comes in greater numbers than the database can serve is turned away.
async fn through_within(
    gate: &Arc<Semaphore>,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, Unavailable> {
    let passed = tokio::time::timeout(patience, through(gate)).await;
    passed.unwrap_or_else(|elapsed| Err(Unavailable::new(Fault::from(elapsed))))
}

impl Lane {
    pub(crate) fn new(manager: Manager, connections: u32, patience: Duration, begin: Begin) -> Self {
        // Connections to a file neither age nor die by themselves. Those over the network are replaced now and then,
        // so that an address which leads to another server one day is followed.
        let over_network = !matches!(manager.server, Server::Sqlite(_));
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .max_lifetime(over_network.then_some(MAX_LIFETIME))
            .idle_timeout(over_network.then_some(IDLE_TIMEOUT))
            .test_on_check_out(false)
            // Whoever waits for a connection is told why there is none.
            .error_handler(Box::new(NopErrorHandler))
            .connection_timeout(patience)
            .build_unchecked(manager);
        let gate = || Arc::new(Semaphore::new(connections as usize));
        Self { pool, waiting: gate(), running: gate(), begin, patience }
    }

    /// `committed` is called also when the caller has gone meanwhile.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConnection) -> QueryResult<T> + Send + 'static,
        committed: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Unavailable> {
        let until = self.until();
        let waiting = through_within(&self.waiting, self.patience).await?;
        let lane = self.clone();
        let span = Span::current();
        let done = tokio::task::spawn_blocking(move || {
            // Given back when the thread is free again, also when the caller has gone.
            let _waiting = waiting;
            // Taken no sooner than here, so that nobody waits for a thread to wake up.
            let _running = futures::executor::block_on(through(&lane.running))?;
            span.in_scope(|| lane.transact(&work, until).inspect(committed))
        });
        done.await.unwrap_or_else(|panic| Err(Unavailable::new(panic)))
    }

    /// How long a call that begins now waits, for its turn and for a connection together.
    fn until(&self) -> Instant {
        Instant::now() + self.patience
    }

    fn transact<T>(
        &self,
        work: &impl Fn(&mut DbConnection) -> QueryResult<T>,
        until: Instant,
    ) -> Result<T, Unavailable> {
        let (start, mut attempts) = (Instant::now(), 0);
        loop {
            let outcome = self.attempt(work, until);
            attempts += 1;
            let again = outcome.as_ref().err().and_then(|fault| fault.passes_after(attempts));
            match again {
                Some(pause) if attempts < ATTEMPTS && start.elapsed() < self.patience => {
                    std::thread::sleep(pause);
                }
                _ => return outcome.map_err(Unavailable::new),
            }
        }
    }

    fn attempt<T>(
        &self,
        work: &impl Fn(&mut DbConnection) -> QueryResult<T>,
        until: Instant,
    ) -> Result<T, Fault> {
        let mut connection = self.begun(until)?;
        let connection: &mut DbConnection = &mut connection;
        match work(connection) {
            Ok(value) => {
                DbConnection::commit_transaction(connection)?;
                Ok(value)
            }
            Err(error) => {
                // A connection that cannot even roll back counts as broken and is replaced by the pool; the
                // error that led here says more than that one.
                let _ = DbConnection::rollback_transaction(connection);
                Err(error.into())
            }
        }
    }

    /// A connection on which a transaction has begun. One that its server has dropped since it was last used shows it
    /// here, before anything was done on it, and another one is taken.
    fn begun(&self, until: Instant) -> Result<PooledConnection<Manager>, Fault> {
        loop {
            let mut connection = self.pool.get_timeout(until.saturating_duration_since(Instant::now()))?;
            match self.begin(&mut connection) {
                Ok(()) => return Ok(connection),
                Err(_) if connection.give_up() && Instant::now() < until => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn begin(&self, connection: &mut DbConnection) -> QueryResult<()> {
        match (self.begin, connection) {
            (Begin::Immediate, DbConnection::Sqlite(connection)) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            (_, connection) => DbConnection::begin_transaction(connection),
        }
    }
}
