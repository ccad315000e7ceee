//! What is particular to SQLite: the file, its checks, the settings of a connection.

use crate::connection::Purpose;
use crate::database::OpenError;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::r2d2::Error as ConnectError;
use diesel::result::{ConnectionError, Error};
use diesel::sql_types::{BigInt, Integer};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, QueryResult, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The migrations of SQLite databases, compiled in.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// "SQUR": marks a file as ours, so that another program's database is never migrated by mistake.
const APPLICATION_ID: i32 = 0x5351_5552;

/// What SQLite says of a file that is something else. Its codes do not come through diesel, its messages do.
const NOT_A_DATABASE: &str = "file is not a database";

/// A database file and how long to wait for others who use it.
#[derive(Debug, Clone)]
pub(crate) struct SqliteFile {
    path: PathBuf,
    busy_timeout: Duration,
}

impl SqliteFile {
    /// Names the file of a URL `sqlite:path`, the part behind the scheme given.
    pub(crate) fn at(path: &str, busy_timeout: Duration) -> Result<Self, OpenError> {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(OpenError::NoPath);
        }
        // An absolute path is never taken for `:memory:` or a `file:` URI.
        let file = |path, source| OpenError::File { path, source };
        let path = std::path::absolute(path).map_err(|source| file(path.into(), source))?;
        Ok(Self { path, busy_timeout })
    }

    /// Creates the file, readable by its owner only, and its folder where they are missing; makes sure that
    /// the file is ours.
    pub(crate) fn prepare(&self) -> Result<(), OpenError> {
        self.create().map_err(|source| OpenError::File { path: self.path.clone(), source })?;
        let mut connection = self.connect(Purpose::Writing).map_err(|error| self.fault(error))?;
        if !is_ours(&mut connection).map_err(|error| self.fault(error.into()))? {
            return Err(OpenError::NotOurs(self.path.clone()));
        }
        // Stays with the file; readers and the writer then never wait for one another.
        connection.batch_execute("PRAGMA journal_mode = WAL").map_err(|error| self.fault(error.into()))
    }

    /// Opens one connection.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<SqliteConnection, ConnectError> {
        let path = self.path.to_str().ok_or_else(|| {
            let message = format!("{} is not UTF-8", self.path.display());
            ConnectError::ConnectionError(ConnectionError::BadConnection(message))
        })?;
        let mut connection = SqliteConnection::establish(path).map_err(ConnectError::ConnectionError)?;
        // NORMAL in WAL mode survives the death of the process; only a crash of the machine can take the last
        // transactions, never the file's consistency. The log file shrinks again after a large transaction.
        let settings = format!(
            "PRAGMA busy_timeout = {};
             PRAGMA foreign_keys = ON;
             PRAGMA synchronous = NORMAL;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA query_only = {};",
            self.busy_timeout.as_millis(),
            if purpose == Purpose::Reading { "ON" } else { "OFF" },
        );
        connection.batch_execute(&settings)?;
        Ok(connection)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn create(&self) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// The sentence for what SQLite said on opening.
    pub(crate) fn fault(&self, error: ConnectError) -> OpenError {
        let path = self.path.clone();
        match &error {
            ConnectError::QueryError(error) if is_busy(error) => OpenError::Locked(path),
            ConnectError::QueryError(Error::DatabaseError(_, info)) if info.message() == NOT_A_DATABASE => {
                OpenError::NotADatabase(path)
            }
            _ => OpenError::Unusable { database: path.display().to_string(), source: error },
        }
    }
}

/// Whether somebody else held a lock for longer than the busy timeout.
pub(crate) fn is_busy(error: &Error) -> bool {
    match error {
        Error::DatabaseError(_, info) => {
            matches!(info.message(), "database is locked" | "database table is locked")
        }
        _ => false,
    }
}

/// Whether the file is marked as ours. An empty one is marked, anything else is left untouched.
fn is_ours(connection: &mut SqliteConnection) -> QueryResult<bool> {
    connection.immediate_transaction(|connection| {
        let look = "SELECT (SELECT application_id FROM pragma_application_id), count(*) FROM sqlite_master";
        let (mark, objects): (i32, i64) = sql::<(Integer, BigInt)>(look).get_result(connection)?;
        if mark == 0 && objects == 0 {
            connection.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
            return Ok(true);
        }
        Ok(mark == APPLICATION_ID)
    })
}
