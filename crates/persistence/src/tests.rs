//! What several tests of this crate need.

mod accounts;
mod casting;
mod conventions;
mod events;
mod killed;
mod letters;
mod log;
mod opening;
mod skills;
mod transactions;

use crate::{Database, DatabaseSettings, Stores};
use square_kernel::testing::TransparentSealer;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A database in a folder of its own, gone with the test.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    folder: TempDir,
}

impl TestDatabase {
    /// A new one with all tables.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&settings(&folder.path().join("square.db"))).unwrap();
        database.migrate().await.unwrap();
        Self { database, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("square.db")
    }

    pub(crate) fn stores(&self) -> Stores {
        Stores::new(self.database.clone(), Arc::new(TransparentSealer))
    }
}

/// The database at `path`, without patience for locks of others.
pub(crate) fn settings(path: &std::path::Path) -> DatabaseSettings {
    let url = format!("sqlite:{}", path.display());
    DatabaseSettings { busy_timeout: Duration::ZERO, ..DatabaseSettings::new(url) }
}
