//! Copies everything from one database to another, of whatever kinds, and compares two of them.
//!
//! The source is read under one snapshot, each table in the order of its key. A page of rows is written to the target
//! together with the number of rows that the target now has of the table and their checksum, so a copy that was
//! interrupted at any point can be gone on with: what was copied before is read again from the source, and goes on where
//! it ends if it still has that checksum. In the end the target is read as a whole.

mod checksum;
mod error;
mod ledger;
mod pages;
mod progress;
mod rows;
mod side;
pub(crate) mod tables;

#[cfg(test)]
mod tests;

pub use error::{CopyError, TableDifference};
pub use progress::{CopyPhase, CopyProgress};

use crate::connection::Server;
use crate::schema::changes::instances;
use crate::sqlite::SqliteFile;
use crate::{Database, DatabaseSettings, OpenError};
use checksum::Checksum;
use diesel::{QueryDsl, RunQueryDsl};
use ledger::Ledger;
use pages::Pages;
use progress::Progress;
use side::Side;
use square_kernel::Unavailable;
use std::time::Duration;
use tables::{TABLES, Table};

/// How long to watch the instances on the source's list: those that are alive count each second.
const WATCHING: Duration = Duration::from_secs(3);

/// What two equal databases hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySummary {
    /// The tables with their numbers of rows.
    pub tables: Vec<(&'static str, u64)>,
    /// SHA-256 over all rows, in hexadecimal: the same on all databases that hold the same.
    pub fingerprint: String,
}

impl Database {
    /// Opens a database that is there already: a SQLite file that is missing is not made.
    pub async fn open_existing(settings: DatabaseSettings) -> Result<Self, OpenError> {
        if let Some(path) = settings.url.strip_prefix("sqlite:") {
            let file = SqliteFile::at(path, settings.busy_timeout)?;
            let look = std::fs::metadata(file.path());
            look.map_err(|source| OpenError::File { path: file.path().to_owned(), source })?;
        }
        Self::open(settings).await
    }

    /// Copies all data to `target`, which must be empty, or hold part of the same data because an earlier copy was
    /// interrupted; compares both in the end. `tell` hears of every page; in between, the process may end at any
    /// time. What the migrations of `target` put there makes way.
    ///
    /// Without `force` it is an error when servers are running on this database: what they write from now on would not
    /// be in the copy.
    pub async fn copy_to(
        &self,
        target: &Self,
        force: bool,
        mut tell: impl FnMut(CopyProgress) + Send + 'static,
    ) -> Result<CopySummary, CopyError> {
        let (from, to) = (self.server.clone(), target.server.clone());
        blocking(from.clone(), to.clone(), check_source).await?;
        if !force {
            refuse_running(self).await?;
        }
        blocking(from.clone(), to.clone(), |_, to| check_target(to)).await?;
        let migrated = target.migrate().await;
        migrated.map_err(|cause| CopyError::Unavailable { database: to.shown(), cause })?;
        blocking(from, to, move |from, to| copy_all(from, to, &mut tell)).await
    }

    /// Compares all data with that of `target`.
    pub async fn compare_with(
        &self,
        target: &Self,
        mut tell: impl FnMut(CopyProgress) + Send + 'static,
    ) -> Result<CopySummary, CopyError> {
        let compared = move |from: &Server, to: &Server| compare_all(from, to, &mut tell);
        blocking(self.server.clone(), target.server.clone(), compared).await
    }

    /// Whether this is the target of a copy that has not been finished, and so holds part of the data only.
    pub async fn is_unfinished_copy(&self) -> Result<bool, Unavailable> {
        self.read(|connection| Ok(ledger::read(connection)?.is_some())).await
    }
}

/// Does `work` with both databases on a thread of its own.
async fn blocking<T: Send + 'static>(
    source: Server,
    target: Server,
    work: impl FnOnce(&Server, &Server) -> Result<T, CopyError> + Send + 'static,
) -> Result<T, CopyError> {
    let done = tokio::task::spawn_blocking(move || work(&source, &target)).await;
    done.unwrap_or_else(|panic| Err(CopyError::Panicked(panic.to_string())))
}

fn check_source(source: &Server, target: &Server) -> Result<(), CopyError> {
    if source.shown() == target.shown() {
        return Err(CopyError::Same(source.shown()));
    }
    let mut source = Side::connect(source)?;
    if source.is_behind()? {
        return Err(CopyError::Behind(source.shown.clone()));
    }
    if source.run(None, ledger::read)?.is_some() {
        return Err(CopyError::HalfSource(source.shown.clone()));
    }
    Ok(())
}

async fn refuse_running(source: &Database) -> Result<(), CopyError> {
    let failed = |cause| CopyError::Unavailable { database: source.server.shown(), cause };
    match running(source).await.map_err(failed)? {
        0 => Ok(()),
        running => Err(CopyError::InUse { database: source.server.shown(), running }),
    }
}

/// How many servers run on the database. One that was killed may be on the list, but it does not count any more.
async fn running(database: &Database) -> Result<usize, Unavailable> {
    let before = beats(database).await?;
    if before.is_empty() {
        return Ok(0);
    }
    tokio::time::sleep(WATCHING).await;
    let after = beats(database).await?;
    Ok(after.iter().filter(|beat| !before.contains(beat)).count())
}

async fn beats(database: &Database) -> Result<Vec<(Vec<u8>, i64)>, Unavailable> {
    database
        .read(|connection| instances::table.select((instances::id, instances::beats)).load(connection))
        .await
}

/// Makes sure that nothing is lost by copying to `target`. It may not have been migrated yet.
fn check_target(target: &Server) -> Result<(), CopyError> {
    let mut target = Side::connect(target)?;
    let is_behind = target.is_behind()?;
    match target.run(None, ledger::read)? {
        Some(ledger) if !ledger.is_empty() => {
            let is_ours =
                ledger.len() == TABLES.len() && TABLES.iter().all(|table| ledger.contains_key(table.name));
            if is_behind || !is_ours {
                return Err(CopyError::OtherVersion(target.shown.clone()));
            }
            Ok(())
        }
        _ => refuse_data(&mut target),
    }
}

fn refuse_data(target: &mut Side) -> Result<(), CopyError> {
    let there = target.run(None, ledger::tables)?;
    for table in TABLES.iter().filter(|table| !table.is_seeded() && there.contains(table.name)) {
        if target.run(Some(table), |connection| rows::count(connection, table))? > 0 {
            return Err(CopyError::NotEmpty { database: target.shown.clone(), table: table.name });
        }
    }
    Ok(())
}

fn compare_all(
    source: &Server,
    target: &Server,
    tell: &mut dyn FnMut(CopyProgress),
) -> Result<CopySummary, CopyError> {
    let (mut source, mut target) = (Side::connect(source)?, Side::connect(target)?);
    for side in [&mut source, &mut target] {
        if side.is_behind()? {
            return Err(CopyError::Behind(side.shown.clone()));
        }
        side.hold_still()?;
    }
    let total = source.count()? + target.count()?;
    let mut progress = Progress::of(CopyPhase::Checking, total, tell);
    let of_source = source.check(&mut progress)?;
    error::compare(&of_source, &target.check(&mut progress)?)?;
    Ok(summary(&of_source))
}

fn copy_all(
    source: &Server,
    target: &Server,
    tell: &mut dyn FnMut(CopyProgress),
) -> Result<CopySummary, CopyError> {
    let (mut from, mut to) = (Side::connect(source)?, Side::connect(target)?);
    from.hold_still()?;
    let total = from.count()?;
    let ledger = begun(&mut to)?;
    let mut progress = Progress::of(CopyPhase::Copying, total, tell);
    let copy = |table| copy_table(&mut from, &mut to, table, &ledger, &mut progress);
    let copied = TABLES.iter().map(copy).collect::<Result<Vec<Checksum>, CopyError>>()?;

    let mut arrived = Side::connect(target)?;
    arrived.hold_still()?;
    let mut progress = Progress::of(CopyPhase::Checking, total, tell);
    error::compare(&copied, &arrived.check(&mut progress)?)?;
    drop(arrived);
    to.run(None, ledger::end)?;
    Ok(summary(&copied))
}

/// What has been copied to `target` by now.
fn begun(target: &mut Side) -> Result<Ledger, CopyError> {
    target.run(None, |connection| match ledger::read(connection)? {
        Some(ledger) if !ledger.is_empty() => Ok(ledger),
        _ => {
            ledger::begin(connection)?;
            Ok(Ledger::new())
        }
    })
}

fn copy_table(
    source: &mut Side,
    target: &mut Side,
    table: &'static Table,
    ledger: &Ledger,
    progress: &mut Progress<'_>,
) -> Result<Checksum, CopyError> {
    let copied = ledger.get(table.name).copied().unwrap_or_default();
    let (mut pages, mut checksum) = (Pages::of(table), Checksum::default());
    while checksum.rows < copied.rows {
        let left = copied.rows - checksum.rows;
        let page = source.run(Some(table), |connection| pages.next(connection, left))?;
        if page.is_empty() {
            break;
        }
        checksum.add(&page);
        progress.add(table, page.len());
    }
    if checksum != copied {
        return Err(CopyError::OtherSource { database: target.shown.clone(), table: table.name });
    }
    loop {
        let page = source.run(Some(table), |connection| pages.next(connection, u64::MAX))?;
        if page.is_empty() {
            return Ok(checksum);
        }
        let before = checksum;
        checksum.add(&page);
        write(target, table, &page, [&before, &checksum])?;
        progress.add(table, page.len());
    }
}

fn write(
    target: &mut Side,
    table: &'static Table,
    page: &[rows::Row],
    [before, after]: [&Checksum; 2],
) -> Result<(), CopyError> {
    let alone = target.run(Some(table), |connection| {
        diesel::Connection::transaction(connection, |connection| {
            let alone = ledger::advance(connection, table, before, after)?;
            if alone {
                rows::insert(connection, table, page)?;
            }
            diesel::QueryResult::Ok(alone)
        })
    })?;
    if alone { Ok(()) } else { Err(CopyError::Crowded(target.shown.clone())) }
}

fn summary(checksums: &[Checksum]) -> CopySummary {
    let tables: Vec<(&'static str, &Checksum)> =
        TABLES.iter().map(|table| table.name).zip(checksums).collect();
    CopySummary {
        fingerprint: checksum::fingerprint(&tables),
        tables: tables.into_iter().map(|(name, checksum)| (name, checksum.rows)).collect(),
    }
}
