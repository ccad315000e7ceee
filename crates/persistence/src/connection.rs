use crate::sqlite::{Purpose, SqliteFile};
use diesel::r2d2::{Error as ConnectError, ManageConnection, R2D2Connection};
use diesel::sqlite::SqliteConnection;
use diesel::{MultiConnection, RunQueryDsl};

/// A connection to any of the databases this build knows. Queries are written once, against this type; a
/// further database is a further variant, and a `match` only where its SQL differs.
///
/// What does not go through it: `returning`, `on_conflict`, inserts of slices, `for_update`, `union`, JSON,
/// `offset` without `limit`. Rows to insert need `treat_none_as_default_value = false`; `eq_any` takes plain
/// values only. Stores rely on the number of rows that an update found, not of those it changed (MySQL has to
/// be told at connecting), on texts that are compared byte by byte (the collation `C` of PostgreSQL, a binary one
/// of MySQL), and on seeing what others have committed after a write that found nothing (READ COMMITTED, which
/// MySQL has to be told too).
#[derive(MultiConnection)]
pub(crate) enum DbConnection {
    /// SQLite, compiled in.
    Sqlite(SqliteConnection),
}

/// Makes the connections of one pool.
///
/// Written by hand because the derived `establish` tries one database after the other and swallows the errors.
#[derive(Debug, Clone)]
pub(crate) enum Manager {
    Sqlite(SqliteFile, Purpose),
}

impl ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<DbConnection, ConnectError> {
        match self {
            Self::Sqlite(file, purpose) => file.connect(*purpose).map(DbConnection::Sqlite),
        }
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), ConnectError> {
        diesel::sql_query("SELECT 1").execute(connection).map(drop).map_err(ConnectError::QueryError)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        // A panic between begin and commit leaves a transaction open; such a connection is not used again.
        std::thread::panicking() || connection.is_broken()
    }
}
