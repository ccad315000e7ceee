//! The `square` binary: settings, commands and the list of parts that a running server is made of.

mod assembly;
mod background;
mod builtins;
mod cli;
mod commands;
mod connector;
mod demo;
mod identity_providers;
mod mail;
mod receivers;
mod secrets;
mod selectors;
mod serve;
mod settings;
mod signals;
mod telemetry;
mod terminal;

use clap::Parser;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Answers are allocated on one thread and freed on another all the time, which the system's allocator pays for
/// with locks.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            terminal::error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}
