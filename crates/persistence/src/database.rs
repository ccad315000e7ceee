use crate::changes::Changes;
#[cfg(feature = "network")]
use crate::connection::Limits;
use crate::connection::{DbConnection, Manager, Purpose, Server};
#[cfg(feature = "mysql")]
use crate::mysql::{self, MysqlServer};
use crate::news::{Heard, News};
#[cfg(feature = "postgres")]
use crate::postgres::{self, PostgresServer};
use crate::sqlite::{self, SqliteFile};
use crate::transaction::{Begin, Lane};
#[cfg(feature = "postgres")]
use diesel::Connection;
use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::result::Error;
use diesel::{QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;
use square_kernel::Unavailable;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long opening a SQLite file may take, also on a machine that is busy with other things.
const FILE_PATIENCE: Duration = Duration::from_secs(5);

/// How database URLs look.
const FORMS: &str =
    "sqlite:path, postgres://user:password@host/database or mysql://user:password@host/database";

/// Which database to use, and how.
///
/// Cannot be printed: the URL may bear a password.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite:path` (a relative path starts at the working directory), `postgres://…` or `mysql://…`. The latter two
    /// take the parameters about TLS that their own clients have: `sslmode` and `sslrootcert`, `ssl-mode` and `ssl-ca`.
    pub url: String,
    /// How many connections, and with them threads, read side by side. At least 1.
    pub read_connections: u32,
    /// How many write side by side. At least 1; SQLite has one whatever stands here.
    pub write_connections: u32,
    /// SQLite: how long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
    /// How long connecting to a server may take, and how long to wait for a connection that is free.
    pub connect_timeout: Duration,
    /// PostgreSQL and MySQL: how long one statement may take.
    pub statement_timeout: Duration,
}

impl DatabaseSettings {
    /// The database at `url` with 4 reading and 4 writing connections, 5 s of patience with other processes, 3 s for connecting
    /// and 10 s for a statement.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 4,
            write_connections: 4,
            busy_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
        }
    }

    #[cfg(feature = "network")]
    fn limits(&self) -> Limits {
        Limits { connect: self.connect_timeout, statement: Some(self.statement_timeout) }
    }
}

/// Why a database cannot be used: one sentence for the operator, without any password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names a kind of database that this build does not have.
    #[error("databases of the kind {0:?} are not supported by this build; a database URL looks like {FORMS}")]
    UnknownScheme(String),
    /// The URL is no URL.
    #[error("the database URL must look like {FORMS}")]
    NoScheme,
    /// The URL names no file.
    #[error("the database URL names no file; it must look like sqlite:path")]
    NoPath,
    /// The URL cannot be read.
    #[error("the database URL cannot be used: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: String,
    },
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
    #[error("{database} was made by a newer version of this program (it has the migration {migration})")]
    Newer {
        /// The database.
        database: String,
        /// The first migration that is not known here.
        migration: String,
    },
    /// A defect of ours or of a driver's.
    #[error("opening the database broke off: {0}")]
    Panicked(String),
    /// Anything else that the database said.
    #[error("the database {database} cannot be used: {source}")]
    Unusable {
        /// The database.
        database: String,
        /// What it said.
        source: diesel::r2d2::Error,
    },
}

/// The database of this process. Cheap to clone.
///
/// Reads and writes have connections of their own, so that neither waits for the other. SQLite writes go through one
/// connection, so no writer is ever turned away, and reads see the last committed state (WAL).
#[derive(Clone)]
pub struct Database {
    pub(crate) server: Server,
    pub(crate) reading: Lane,
    pub(crate) writing: Lane,
    news: Arc<News>,
}

impl Database {
    /// Opens the database, creating a SQLite file where it is missing, and checks that it is ours and not from a newer
    /// version.
    pub async fn open(settings: DatabaseSettings) -> Result<Self, OpenError> {
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&settings)).await;
        opened.unwrap_or_else(|panic| Err(OpenError::Panicked(panic.to_string())))
    }

    fn open_blocking(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        let (scheme, rest) = settings.url.split_once(':').ok_or(OpenError::NoScheme)?;
        let server = match scheme {
            "sqlite" => {
                let file = SqliteFile::at(rest, settings.busy_timeout)?;
                file.prepare()?;
                Server::Sqlite(file)
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                Server::Postgres(Box::new(PostgresServer::at(&settings.url, settings.limits())?))
            }
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => {
                let url = format!("mysql:{rest}");
                Server::Mysql(Box::new(MysqlServer::at(&url, settings.limits())?))
            }
            other => return Err(OpenError::UnknownScheme(other.to_owned())),
        };
        refuse_newer(&server)?;
        Ok(Self::on(server, settings))
    }

    fn on(server: Server, settings: &DatabaseSettings) -> Self {
        let (writers, patience, begin) = match &server {
            Server::Sqlite(_) => (1, settings.busy_timeout.max(FILE_PATIENCE), Begin::Immediate),
            #[cfg(feature = "network")]
            _ => (settings.write_connections.max(1), settings.connect_timeout, Begin::AsSet),
        };
        let manager = |purpose| Manager { server: server.clone(), purpose };
        Self {
            reading: Lane::new(
                manager(Purpose::Reading),
                settings.read_connections.max(1),
                patience,
                Begin::AsSet,
            ),
            writing: Lane::new(manager(Purpose::Writing), writers, patience, begin),
            server,
            news: Arc::default(),
        }
    }

    /// Brings the tables up to date and tells how many migrations ran. Of several instances that start at once
    /// one does it, and the others wait. All migrations or none, but on MySQL, which cannot take back a change of tables:
    /// there what was done stays done, and the next start goes on with it.
    pub async fn migrate(&self) -> Result<usize, Unavailable> {
        let server = self.server.clone();
        let migrated = tokio::task::spawn_blocking(move || {
            let mut connection = server.connect(Purpose::Migrating).map_err(Unavailable::new)?;
            migrate(&mut connection).map_err(Unavailable::new)
        });
        migrated.await.unwrap_or_else(|panic| Err(Unavailable::new(panic)))
    }

    /// How many migrations [`Self::migrate`] would run.
    pub async fn pending_migrations(&self) -> Result<usize, Unavailable> {
        let server = self.server.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let mut connection = server.connect(Purpose::Migrating).map_err(Unavailable::new)?;
            pending(&mut connection).map_err(Unavailable::new)
        });
        looked.await.unwrap_or_else(|panic| Err(Unavailable::new(panic)))
    }

    /// Whether the database is a file of this machine, which one process at a time serves.
    pub fn is_file(&self) -> bool {
        matches!(self.server, Server::Sqlite(_))
    }

    /// Returns when something may have changed since the news that was `heard`: on PostgreSQL by whomever, elsewhere by
    /// this process.
    pub(crate) async fn news(&self, heard: &Heard) {
        #[cfg(feature = "postgres")]
        if let Server::Postgres(server) = &self.server {
            self.news.listen_to(server);
        }
        self.news.next(heard).await;
    }

    /// Tells those who wait in this process that `changes` were committed, if they are any.
    pub(crate) fn tell(&self, changes: &Changes) {
        if !changes.is_empty() && !self.server.tells() {
            self.news.tell();
        }
    }

    /// How often there was news in this process.
    #[cfg(test)]
    pub(crate) fn told(&self) -> u64 {
        self.news.times()
    }

    /// Whether the database answers at the moment.
    pub async fn is_ready(&self) -> Result<(), Unavailable> {
        self.read(|connection| diesel::sql_query("SELECT 1").execute(connection).map(drop)).await
    }
}

fn refuse_newer(server: &Server) -> Result<(), OpenError> {
    let mut connection = server.connect(Purpose::Migrating).map_err(|error| server.fault(error))?;
    match unknown_migration(&mut connection).map_err(|error| server.fault(error.into()))? {
        Some(migration) => Err(OpenError::Newer { database: server.shown(), migration }),
        None => Ok(()),
    }
}

impl Server {
    /// What it is called in messages.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(file) => file.path().display().to_string(),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.shown().to_owned(),
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.shown().to_owned(),
        }
    }

    /// Whether it tells by itself, and all instances, that something changed.
    fn tells(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => false,
        }
    }

    /// The sentence for what it said on opening.
    fn fault(&self, source: diesel::r2d2::Error) -> OpenError {
        match self {
            Self::Sqlite(file) => file.fault(source),
            #[cfg(feature = "network")]
            _ => OpenError::Unusable { database: self.shown(), source },
        }
    }
}

fn migrate(connection: &mut DbConnection) -> QueryResult<usize> {
    match connection {
        DbConnection::Sqlite(connection) => {
            connection.immediate_transaction(|connection| run(connection, sqlite::MIGRATIONS))
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(connection) => connection.transaction(|connection| {
            postgres::lock_migrations(connection)?;
            run(connection, postgres::MIGRATIONS)
        }),
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(connection) => {
            mysql::lock_migrations(connection)?;
            // After an error the lock ends with the connection.
            let done = run(connection, mysql::MIGRATIONS)?;
            mysql::unlock_migrations(connection)?;
            Ok(done)
        }
    }
}

fn run<C, DB>(connection: &mut C, migrations: impl MigrationSource<DB>) -> QueryResult<usize>
where
    C: MigrationHarness<DB>,
    DB: Backend,
{
    let done = connection.run_pending_migrations(migrations);
    done.map(|versions| versions.len()).map_err(Error::QueryBuilderError)
}

fn pending(connection: &mut DbConnection) -> QueryResult<usize> {
    match connection {
        DbConnection::Sqlite(connection) => not_run(connection, sqlite::MIGRATIONS),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(connection) => not_run(connection, postgres::MIGRATIONS),
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(connection) => not_run(connection, mysql::MIGRATIONS),
    }
}

fn not_run<C, DB>(connection: &mut C, migrations: impl MigrationSource<DB>) -> QueryResult<usize>
where
    C: MigrationHarness<DB>,
    DB: Backend,
{
    let waiting = connection.pending_migrations(migrations);
    waiting.map(|migrations| migrations.len()).map_err(Error::QueryBuilderError)
}

/// The first migration the database has seen that this build does not have.
fn unknown_migration(connection: &mut DbConnection) -> QueryResult<Option<String>> {
    match connection {
        DbConnection::Sqlite(connection) => {
            connection.immediate_transaction(|connection| unknown(connection, &sqlite::MIGRATIONS))
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(connection) => connection.transaction(|connection| {
            postgres::lock_migrations(connection)?;
            unknown(connection, &postgres::MIGRATIONS)
        }),
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(connection) => {
            mysql::lock_migrations(connection)?;
            let unknown = unknown(connection, &mysql::MIGRATIONS)?;
            mysql::unlock_migrations(connection)?;
            Ok(unknown)
        }
    }
}

fn unknown<C, DB>(connection: &mut C, source: &impl MigrationSource<DB>) -> QueryResult<Option<String>>
where
    C: MigrationHarness<DB>,
    DB: Backend,
{
    let known = source.migrations().map_err(Error::QueryBuilderError)?;
    let known: HashSet<String> =
        known.iter().map(|migration| migration.name().version().to_string()).collect();
    let mut applied = connection.applied_migrations().map_err(Error::QueryBuilderError)?;
    applied.sort();
    Ok(applied.into_iter().map(|version| version.to_string()).find(|version| !known.contains(version)))
}
