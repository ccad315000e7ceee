use super::Outcome;
use super::bar::{Bar, Progress};
use super::files::{BadRow, EventFiles, Kind, read, rows};
use crate::assembly::Square;
use crate::cli;
use crate::settings::Settings;
use crate::terminal;
use std::process::ExitCode;

/// How many bad rows are told of one by one.
const TOLD: usize = 100;

/// The exit code where some rows were stored and others not.
const LEFT_OUT: u8 = 3;

/// Takes data in to the database that the settings name. Running servers on it follow within a second.
pub(crate) async fn run(command: cli::Import, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    match command {
        cli::Import::Events { file, owner } => import(EventFiles::new(&square, owner), &file).await,
    }
}

/// All of a file, or nothing where a row is wrong, unless the others are to be kept.
async fn import<K: Kind>(mut kind: K, from: &cli::ImportFile) -> Outcome {
    let rows = rows(&read(&from.file)?, K::COLUMNS)?;
    let total = rows.len();
    let mut tell = Bar::new().tell();
    let mut at = |doing, done: usize| {
        tell(Progress { doing, part: K::NAME, done: done as u64, total: total as u64 });
    };
    let (mut good, mut bad) = (Vec::with_capacity(total), Vec::new());
    for (done, row) in rows.into_iter().enumerate() {
        match row {
            Ok(row) => match kind.parse(&row).await? {
                Ok(item) => good.push(item),
                Err(invalid) => bad.push(BadRow::invalid(row.line, &invalid)),
            },
            Err(row) => bad.push(row),
        }
        at("reading", done + 1);
    }
    let kept = good.len();
    let stored = bad.is_empty() || from.keep_good;
    if stored {
        at("storing", 0);
        kind.store(good).await?;
        at("storing", kept);
    }
    drop(tell);
    tell_of(&bad);
    Ok(match (bad.len(), stored) {
        (0, _) => {
            terminal::line(format_args!("Stored {kept} {}.", K::NAME));
            ExitCode::SUCCESS
        }
        (wrong, true) => {
            terminal::line(format_args!("Stored {kept} {}; {wrong} of {total} rows were left out.", K::NAME));
            ExitCode::from(LEFT_OUT)
        }
        (wrong, false) => {
            terminal::note(format_args!(
                "Nothing was stored: {wrong} of {total} rows are wrong. With --keep-good the others are stored."
            ));
            ExitCode::FAILURE
        }
    })
}

fn tell_of(bad: &[BadRow]) {
    for row in bad.iter().take(TOLD) {
        terminal::note(format_args!("line {}: {}", row.line, row.faults.join("; ")));
    }
    if bad.len() > TOLD {
        terminal::note(format_args!("and {} more rows", bad.len() - TOLD));
    }
}
