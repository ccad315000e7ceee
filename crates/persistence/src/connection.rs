#[cfg(feature = "mysql")]
use crate::mysql::{MysqlConnection, MysqlServer};
#[cfg(feature = "postgres")]
use crate::postgres::{PostgresConnection, PostgresServer};
use crate::sqlite::SqliteFile;
use diesel::r2d2::{Error as ConnectError, ManageConnection, R2D2Connection};
use diesel::sqlite::SqliteConnection;
use diesel::{MultiConnection, RunQueryDsl};
#[cfg(feature = "network")]
use std::time::Duration;

/// A connection to any of the databases this build knows. Queries are written once, against this type, with
/// a `match` only where the databases' SQL differs.
///
/// What does not go through it: `returning`, `on_conflict`, inserts of slices (see `rows.rs`), `for_update`, `union`,
/// JSON, `offset` without `limit`. Rows to insert need `treat_none_as_default_value = false`; `eq_any` takes plain
/// values only. Stores rely on the number of rows that an update found, not of those it changed, on texts that are
/// compared byte by byte, and on seeing what others have committed after a write that found nothing.
#[derive(MultiConnection)]
pub(crate) enum DbConnection {
    /// SQLite, compiled in.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(PostgresConnection),
    /// MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

impl DbConnection {
    /// Has the pool replace this connection; `false` where another one would be no better.
    pub(crate) fn give_up(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.give_up(),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.give_up(),
        }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Transactions that only read, each seeing one moment.
    Reading,
    /// Transactions that write.
    Writing,
    /// Changing the tables, however long that takes.
    Migrating,
}

/// How long things may take on a database that is reached over the network.
#[cfg(feature = "network")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connecting, with all that goes with it.
    pub(crate) connect: Duration,
    /// One statement; the server gives it up then. `None` where it may take as long as it takes.
    pub(crate) statement: Option<Duration>,
}

#[cfg(feature = "network")]
impl Limits {
    /// The limits of connections for `purpose`.
    pub(crate) fn of(self, purpose: Purpose) -> Self {
        match purpose {
            Purpose::Reading | Purpose::Writing => self,
            Purpose::Migrating => Self { statement: None, ..self },
        }
    }

    /// How long to wait for the server to say anything at all: so much longer than a statement may take that the server
    /// speaks first where it still can.
    pub(crate) fn patience(self) -> Option<Duration> {
        self.statement.map(|statement| statement + self.connect)
    }
}

/// Makes the connections of one pool.
///
/// Written by hand because the derived `establish` tries one database after the other and swallows the errors.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    pub(crate) server: Server,
    pub(crate) purpose: Purpose,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub(crate) enum Server {
    Sqlite(SqliteFile),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresServer>),
    #[cfg(feature = "mysql")]
    Mysql(Box<MysqlServer>),
}

impl Server {
    /// Opens one connection.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<DbConnection, ConnectError> {
        match self {
            Self::Sqlite(file) => file.connect(purpose).map(DbConnection::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.connect(purpose).map(DbConnection::Postgres),
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.connect(purpose).map(DbConnection::Mysql),
        }
    }
}

impl ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<DbConnection, ConnectError> {
        self.server.connect(self.purpose)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), ConnectError> {
        diesel::sql_query("SELECT 1").execute(connection).map(drop).map_err(ConnectError::QueryError)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        // A panic between begin and commit leaves a transaction open; such a connection is not used again.
        std::thread::panicking() || connection.is_broken()
    }
}
