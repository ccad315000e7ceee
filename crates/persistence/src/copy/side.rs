use crate::connection::{DbConnection, Purpose, Server};
use crate::copy::checksum::Checksum;
use crate::copy::error::CopyError;
use crate::copy::pages::Pages;
use crate::copy::progress::Progress;
use crate::copy::rows;
use crate::copy::tables::{TABLES, Table};
#[cfg(feature = "mysql")]
use crate::mysql;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite;
use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel_migrations::MigrationHarness;

/// One of the two databases.
pub(crate) struct Side {
    connection: DbConnection,
    pub(crate) shown: String,
    is_held: bool,
}

impl Side {
    /// Statements on it may take as long as they take.
    pub(crate) fn connect(server: &Server) -> Result<Self, CopyError> {
        let shown = server.shown();
        match server.connect(Purpose::Migrating) {
            Ok(connection) => Ok(Self { connection, shown, is_held: false }),
            Err(cause) => Err(CopyError::Unreachable { database: shown, cause }),
        }
    }

    /// Does `work`, on the table `table` or on what the database has besides tables.
    pub(crate) fn run<T>(
        &mut self,
        table: Option<&Table>,
        work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
    ) -> Result<T, CopyError> {
        work(&mut self.connection).map_err(|cause| match table {
            Some(table) => CopyError::Table { database: self.shown.clone(), table: table.name, cause },
            None => CopyError::Database { database: self.shown.clone(), cause },
        })
    }

    /// Whether it lacks migrations that this build has.
    pub(crate) fn is_behind(&mut self) -> Result<bool, CopyError> {
        self.run(None, |connection| {
            let pending = match connection {
                DbConnection::Sqlite(connection) => connection.has_pending_migration(sqlite::MIGRATIONS),
                #[cfg(feature = "postgres")]
                DbConnection::Postgres(connection) => connection.has_pending_migration(postgres::MIGRATIONS),
                #[cfg(feature = "mysql")]
                DbConnection::Mysql(connection) => connection.has_pending_migration(mysql::MIGRATIONS),
            };
            pending.map_err(Error::QueryBuilderError)
        })
    }

    /// From here on, all that is read is of one moment.
    pub(crate) fn hold_still(&mut self) -> Result<(), CopyError> {
        let statements: &[&str] = match &self.connection {
            DbConnection::Sqlite(_) => &["BEGIN"],
            // Without statistics on tables that were filled just now, it may take sorting a whole table for cheaper than
            // following its key.
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => {
                &["SET enable_sort = off", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"]
            }
            #[cfg(feature = "mysql")]
            DbConnection::Mysql(_) => &[
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ],
        };
        self.is_held = true;
        self.run(None, |connection| {
            statements.iter().try_for_each(|statement| connection.batch_execute(statement))
        })
    }

    /// The number of rows of all tables.
    pub(crate) fn count(&mut self) -> Result<u64, CopyError> {
        TABLES.iter().map(|table| self.run(Some(table), |connection| rows::count(connection, table))).sum()
    }

    /// Goes through all tables.
    pub(crate) fn check(&mut self, progress: &mut Progress<'_>) -> Result<Vec<Checksum>, CopyError> {
        let check = |table| {
            let (mut pages, mut checksum) = (Pages::of(table), Checksum::default());
            loop {
                let page = self.run(Some(table), |connection| pages.next(connection, u64::MAX))?;
                if page.is_empty() {
                    return Ok(checksum);
                }
                checksum.add(&page);
                progress.add(table, page.len());
            }
        };
        TABLES.iter().map(check).collect()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if self.is_held {
            // A driver may take its time to close a connection, and until then nobody could change the tables.
            let _ = self.connection.batch_execute("ROLLBACK");
        }
    }
}
