use crate::connection::{DbConnection, Manager};
use crate::sqlite::{self, Purpose, SqliteFile};
use crate::transaction::{Begin, Lane};
use diesel::migration::{Migration, MigrationSource};
use diesel::result::Error;
use diesel::{QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;
use square_kernel::Unavailable;
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

/// How long opening a connection may take, also on a machine that is busy with other things.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which database to use, and how.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `sqlite:path`; a relative path starts at the working directory.
    pub url: String,
    /// How many connections, and with them threads, read side by side. At least 1.
    pub read_connections: u32,
    /// How long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
}

impl DatabaseSettings {
    /// The database at `url` with 4 reading connections and 5 s of patience with other processes.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), read_connections: 4, busy_timeout: Duration::from_secs(5) }
    }
}

/// Why a database cannot be used: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names a kind of database that this build does not have.
    #[error("databases of the kind {0:?} are not supported by this build, which has sqlite (sqlite:path)")]
    UnknownScheme(String),
    /// The URL is no URL.
    #[error("the database URL must look like sqlite:path")]
    NoScheme,
    /// The URL names no file.
    #[error("the database URL names no file; it must look like sqlite:path")]
    NoPath,
    /// The file or its folder cannot be created or opened.
    #[error("the database {} cannot be opened: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is not a SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// The file is the database of another program.
    #[error("{} is the SQLite database of another application", .0.display())]
    NotOurs(PathBuf),
    /// Another process does not let go of it.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// It has migrations that this build does not know.
    #[error("{} was made by a newer version of this program (it has the migration {migration})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first migration that is not known here.
        migration: String,
    },
    /// Anything else that the database said.
    #[error("the database {} cannot be used: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: diesel::r2d2::Error,
    },
}

/// The database of this process. Cheap to clone.
///
/// SQLite writes go through one connection, so no writer is ever turned away; reads go through several and
/// see the last committed state (WAL).
#[derive(Clone)]
pub struct Database {
    pub(crate) reading: Lane,
    pub(crate) writing: Lane,
}

impl Database {
    /// Opens the database, creating it where it is missing, and checks that it is ours and not from a newer
    /// version. Blocks; for the start of the process.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        let (scheme, rest) = settings.url.split_once(':').ok_or(OpenError::NoScheme)?;
        match scheme {
            "sqlite" => Self::open_sqlite(SqliteFile::at(rest, settings.busy_timeout)?, settings),
            other => Err(OpenError::UnknownScheme(other.to_owned())),
        }
    }

    fn open_sqlite(file: SqliteFile, settings: &DatabaseSettings) -> Result<Self, OpenError> {
        file.prepare()?;
        let mut connection =
            file.connect(Purpose::Writing).map(DbConnection::Sqlite).map_err(|error| file.fault(error))?;
        let unknown = unknown_migration(&mut connection).map_err(|error| file.fault(error.into()))?;
        if let Some(migration) = unknown {
            return Err(OpenError::Newer { path: file.path().to_owned(), migration });
        }
        let patience = settings.busy_timeout.max(CONNECT_TIMEOUT);
        let readers = settings.read_connections.max(1);
        let reading = Manager::Sqlite(file.clone(), Purpose::Reading);
        let writing = Manager::Sqlite(file, Purpose::Writing);
        Ok(Self {
            reading: Lane::new(reading, readers, patience, Begin::Deferred),
            writing: Lane::new(writing, 1, patience, Begin::Immediate),
        })
    }

    /// Brings the tables up to date, all migrations or none, and tells how many ran.
    pub async fn migrate(&self) -> Result<usize, Unavailable> {
        self.write(|connection| match connection {
            DbConnection::Sqlite(connection) => {
                let done = connection.run_pending_migrations(sqlite::MIGRATIONS);
                done.map(|versions| versions.len()).map_err(Error::QueryBuilderError)
            }
        })
        .await
    }

    /// Whether the database answers at the moment.
    pub async fn is_ready(&self) -> Result<(), Unavailable> {
        self.read(|connection| diesel::sql_query("SELECT 1").execute(connection).map(drop)).await
    }
}

/// The first migration the database has seen that this build does not have.
fn unknown_migration(connection: &mut DbConnection) -> QueryResult<Option<String>> {
    let known = match connection {
        DbConnection::Sqlite(_) => versions(sqlite::MIGRATIONS.migrations())?,
    };
    let mut applied = connection.applied_migrations().map_err(Error::QueryBuilderError)?;
    applied.sort();
    Ok(applied.into_iter().map(|version| version.to_string()).find(|version| !known.contains(version)))
}

type Migrations = Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>>;

fn versions(migrations: diesel::migration::Result<Migrations>) -> QueryResult<HashSet<String>> {
    let migrations = migrations.map_err(Error::QueryBuilderError)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
