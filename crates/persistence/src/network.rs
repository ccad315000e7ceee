//! What databases have in common that are reached over the network: their drivers are asynchronous, this crate's
//! queries are not.

use crate::connection::Limits;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, Instrumentation, LoadConnection, SimpleConnection,
    TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::internal::derives::multiconnection::ConnectionSealed;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::r2d2::R2D2Connection;
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use diesel::{ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection, AsyncConnectionCore};
use futures::TryStreamExt;
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A connection of an asynchronous driver, used from a blocking thread.
///
/// It has a runtime of its own that turns only while a call waits: nobody else's task has to wake up for an answer,
/// and a connection that is not in use costs nothing. Every call has an end: a server that is cut off without a word
/// would otherwise keep its caller for as long as the system keeps the socket.
pub(crate) struct Blocking<C> {
    // Before the runtime, so that it is dropped first.
    inner: Box<C>,
    runtime: Option<Runtime>,
    transactions: AnsiTransactionManager,
    limit: Option<Duration>,
    /// A call was given up, so nobody knows what the server sends next.
    lost: bool,
}

impl<C: AsyncConnection> Blocking<C> {
    /// Connects by `connecting`; neither that nor any later call takes longer than `limits` say.
    pub(crate) fn connect<F>(limits: Limits, connecting: F) -> ConnectionResult<Self>
    where
        F: Future<Output = ConnectionResult<C>>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
        let connected = within(&runtime, Some(limits.connect), connecting);
        let inner = connected.unwrap_or_else(|TooSlow| {
            Err(ConnectionError::BadConnection("the server did not answer in time".to_owned()))
        });
        match inner {
            Ok(inner) => Ok(Self {
                inner: Box::new(inner),
                runtime: Some(runtime),
                transactions: AnsiTransactionManager::default(),
                limit: limits.patience(),
                lost: false,
            }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }
}

impl<C> Blocking<C> {
    /// Uses the connection no more; always `true`.
    pub(crate) fn give_up(&mut self) -> bool {
        self.lost = true;
        true
    }
}

/// The drivers' own sentences ("error connecting to server") leave out what matters, or say it twice.
pub(crate) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

struct TooSlow;

fn within<F: Future>(runtime: &Runtime, limit: Option<Duration>, call: F) -> Result<F::Output, TooSlow> {
    runtime.block_on(async {
        match limit {
            Some(limit) => tokio::time::timeout(limit, call).await.map_err(|_| TooSlow),
            None => Ok(call.await),
        }
    })
}

/// Waits for `call` on the connection; notes in `lost` when it had to be given up.
fn answer<T>(
    runtime: Option<&Runtime>,
    limit: Option<Duration>,
    lost: &mut bool,
    call: impl Future<Output = QueryResult<T>>,
) -> QueryResult<T> {
    let gone = |message: &str| {
        Err(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message.to_owned())))
    };
    let Some(runtime) = runtime.filter(|_| !*lost) else { return gone("the connection was given up") };
    within(runtime, limit, call).unwrap_or_else(|TooSlow| {
        *lost = true;
        gone("the database did not answer in time")
    })
}

impl<C> Drop for Blocking<C> {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which is not allowed everywhere that a connection may be dropped.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl<C: AsyncConnection> SimpleConnection for Blocking<C> {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let Self { inner, runtime, limit, lost, .. } = self;
        answer(runtime.as_ref(), *limit, lost, inner.batch_execute(query))
    }
}

impl<C> ConnectionSealed for Blocking<C> {}

impl<C: AsyncConnection + 'static> Connection for Blocking<C> {
    type Backend = C::Backend;
    type TransactionManager = AnsiTransactionManager;

    /// Not in use: connections are made by whoever knows about TLS and limits.
    fn establish(_url: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection("only a server knows how to connect".to_owned()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        let Self { inner, runtime, limit, lost, .. } = self;
        answer(runtime.as_ref(), *limit, lost, inner.execute_returning_count(source))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner.set_prepared_statement_cache_size(size);
    }
}

impl<C: AsyncConnection + 'static> LoadConnection for Blocking<C> {
    type Cursor<'conn, 'query> = Rows<<C as AsyncConnectionCore>::Row<'conn, 'query>>;
    type Row<'conn, 'query> = <C as AsyncConnectionCore>::Row<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: QueryMetadata<T::SqlType>,
    {
        let Self { inner, runtime, limit, lost, .. } = self;
        let rows = async move { inner.load(source).await?.try_collect::<Vec<_>>().await };
        answer(runtime.as_ref(), *limit, lost, rows).map(|rows| Rows(rows.into_iter()))
    }
}

/// The rows of an answer that has come in whole.
pub(crate) struct Rows<R>(std::vec::IntoIter<R>);

impl<R> Iterator for Rows<R> {
    type Item = QueryResult<R>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Ok)
    }
}

impl<C: AsyncConnection + 'static> R2D2Connection for Blocking<C> {
    fn ping(&mut self) -> QueryResult<()> {
        self.batch_execute("SELECT 1")
    }

    fn is_broken(&mut self) -> bool {
        let status = AnsiTransactionManager::transaction_manager_status_mut(self);
        let open = match status {
            TransactionManagerStatus::Valid(status) => status.transaction_depth().is_some(),
            TransactionManagerStatus::InError => true,
        };
        self.lost || open
    }
}

impl<C: AsyncConnection + 'static> MigrationConnection for Blocking<C> {
    fn setup(&mut self) -> QueryResult<usize> {
        self.batch_execute(CREATE_MIGRATIONS_TABLE).map(|()| 0)
    }
}
