//! What several tests of this crate need.

mod accounts;
mod casting;
mod changes;
mod companies;
mod conventions;
mod deletion;
mod events;
mod feedback;
mod hints;
mod instances;
mod keys;
mod killed;
mod letters;
mod log;
mod login_methods;
mod mfa;
mod migrating;
mod opening;
mod recorded;
mod server;
mod skills;
mod transactions;

use crate::connection::Server;
use crate::{Database, DatabaseSettings, Stores};
use square_kernel::testing::TransparentSealer;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Names a PostgreSQL or MySQL server on which the tests of this crate make their databases, each its own. Without it
/// they use SQLite.
const SERVER: &str = "SQUARE_TEST_DATABASE_URL";

/// A database that is gone with the test.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server(server::Scratch),
}

impl TestDatabase {
    /// A new one with all tables.
    pub(crate) async fn new() -> Self {
        let test = Self::empty().await;
        test.database.migrate().await.unwrap();
        test
    }

    /// A new one without tables.
    pub(crate) async fn empty() -> Self {
        let place = match std::env::var(SERVER) {
            Ok(server) => Place::Server(server::Scratch::on(&server)),
            Err(_) => Place::Folder(tempfile::tempdir().unwrap()),
        };
        let database = Database::open(place.settings()).await.unwrap();
        Self { database, place }
    }

    /// A new one on SQLite, for what only SQLite has.
    pub(crate) async fn sqlite() -> Self {
        let place = Place::Folder(tempfile::tempdir().unwrap());
        let database = Database::open(place.settings()).await.unwrap();
        database.migrate().await.unwrap();
        Self { database, place }
    }

    /// Another process's view of the same database.
    pub(crate) async fn opened_again(&self) -> Database {
        Database::open(self.place.settings()).await.unwrap()
    }

    /// The file, on SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.path().join("square.db"),
            Place::Server(_) => panic!("only SQLite has a file"),
        }
    }

    /// Whether it is on SQLite.
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.database.server, Server::Sqlite(_))
    }

    /// Whether it is on PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.database.server, Server::Postgres(_))
    }

    pub(crate) fn stores(&self) -> Stores {
        Stores::new(self.database.clone(), Arc::new(TransparentSealer))
    }
}

impl Place {
    fn settings(&self) -> DatabaseSettings {
        match self {
            Self::Folder(folder) => settings(&folder.path().join("square.db")),
            Self::Server(scratch) => scratch.settings(),
        }
    }
}

/// The database at `path`, without patience for locks of others.
pub(crate) fn settings(path: &std::path::Path) -> DatabaseSettings {
    let url = format!("sqlite:{}", path.display());
    DatabaseSettings { busy_timeout: Duration::ZERO, ..DatabaseSettings::new(url) }
}
