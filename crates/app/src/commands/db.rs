//! Moving from one database to another.

use super::Outcome;
use super::bar::{Bar, Progress};
use crate::cli::{Db, Ends};
use crate::settings::Settings;
use crate::terminal::{self, FAINT, GOOD, STRONG, styled};
use square_persistence::{
    CopyError, CopyPhase, CopyProgress, CopySummary, Database, DatabaseSettings, OpenError,
};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
enum DbError {
    #[error("--from")]
    From(#[source] OpenError),
    #[error("--to")]
    To(#[source] OpenError),
    #[error("{0} (with --force, what they write from now on is not copied)")]
    InUse(CopyError),
    #[error("{0} (`square migrate`, with DATABASE_URL naming that database)")]
    Behind(CopyError),
}

pub(crate) async fn run(command: Db, settings: &Settings) -> Outcome {
    match command {
        Db::Copy { ends, force } => {
            let source = source(&ends, settings).await?;
            let target = Database::open(access(&ends.to, settings)).await.map_err(DbError::To)?;
            let copied = source.copy_to(&target, force, told()).await.map_err(explained)?;
            show(&copied, "Copied");
        }
        Db::Verify { ends } => {
            let source = source(&ends, settings).await?;
            let target = Database::open_existing(access(&ends.to, settings)).await.map_err(DbError::To)?;
            let compared = source.compare_with(&target, told()).await.map_err(explained)?;
            show(&compared, "Compared");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a copy is to call.
fn told() -> impl FnMut(CopyProgress) + Send + 'static {
    let mut tell = Bar::new().tell();
    move |CopyProgress { phase, table, done, total }| {
        let doing = match phase {
            CopyPhase::Copying => "copying",
            CopyPhase::Checking => "checking",
        };
        tell(Progress { doing, part: table, done, total });
    }
}

async fn source(ends: &Ends, settings: &Settings) -> Result<Database, DbError> {
    Database::open_existing(access(&ends.from, settings)).await.map_err(DbError::From)
}

/// The database at `url`, with the patience that the settings have with their own.
fn access(url: &str, settings: &Settings) -> DatabaseSettings {
    let database = &settings.database;
    DatabaseSettings {
        busy_timeout: Duration::from_millis(database.busy_timeout_ms),
        connect_timeout: Duration::from_millis(database.connect_timeout_ms),
        ..DatabaseSettings::new(url)
    }
}

/// Says what can be done about it, where that is something about this command.
fn explained(error: CopyError) -> Box<dyn std::error::Error> {
    match error {
        CopyError::InUse { .. } => Box::new(DbError::InUse(error)),
        CopyError::Behind(_) => Box::new(DbError::Behind(error)),
        other => Box::new(other),
    }
}

fn show(summary: &CopySummary, done: &str) {
    let all: u64 = summary.tables.iter().map(|(_, rows)| rows).sum();
    for (table, rows) in &summary.tables {
        terminal::line(format_args!("{rows:>12}  {table}"));
    }
    let tables = summary.tables.len();
    let rows = styled(STRONG, format_args!("{done} {all} rows of {tables} tables."));
    terminal::line(format_args!("{rows} {}", styled(GOOD, "Both databases hold the same.")));
    terminal::line(styled(FAINT, format_args!("SHA-256 {}", summary.fingerprint)));
}
