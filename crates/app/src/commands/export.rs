use super::Outcome;
use super::files::{EventFiles, Kind, Writer};
use crate::assembly::Square;
use crate::cli;
use crate::settings::Settings;
use crate::terminal;
use std::io::{BufWriter, ErrorKind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often to say how far it has come.
const EVERY: Duration = Duration::from_secs(5);

/// Writes data from the database that the settings name to standard output.
pub(crate) async fn run(command: cli::Export, settings: &Settings) -> Outcome {
    let square = Square::assemble(settings).await?;
    match command {
        cli::Export::Events { format } => export(EventFiles::new(&square, None), format).await,
    }
}

/// Page by page, so that it does not matter how much there is.
async fn export<K: Kind>(mut kind: K, format: cli::FileFormat) -> Outcome {
    let mut writer = Writer::new(format, K::COLUMNS, BufWriter::new(std::io::stdout()))?;
    let (mut after, mut told) = (None, Instant::now());
    loop {
        let page = kind.page(after).await?;
        for row in &page.rows {
            match writer.write(row) {
                // Whoever read it has gone: `square export events | head -1`.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written?,
            }
        }
        if told.elapsed() >= EVERY {
            told = Instant::now();
            terminal::note(format_args!("{} {} so far", writer.rows(), K::NAME));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    match writer.finish() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => terminal::note(format_args!("Exported {} {}.", written?, K::NAME)),
    }
    Ok(ExitCode::SUCCESS)
}
