//! A load harness. It starts the server and everything around it on the loopback address and prints each
//! figure beside a limit measured in the same minute, for a figure alone says more of the machine than of
//! the server.

mod catalogue;
mod client;
mod hostile;
mod limits;
mod load;
mod message;
mod options;
mod process;
mod report;
mod scenarios;
mod server;
mod statistics;
mod stubs;
mod timing;
mod world;

use clap::Parser;
use hostile::hostile;
use options::Options;
use report::{Report, Row};
use scenarios::Scenario;
use server::Binary;
use std::error::Error;
use std::process::ExitCode;
use timing::timing;
use world::World;

/// What goes wrong is told to the person who runs the benchmark, in words.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what was measured; false where it is a promise that was not kept.
fn measure(options: &Options) -> Outcome<bool> {
    let binary = Binary::find(options.server.as_deref())?;
    let (text, kept) = match options.alone() {
        Some(Scenario::Timing) => {
            let timing = timing(&binary, options)?;
            (if options.json { timing.json() } else { timing.markdown() }, timing.is_even())
        }
        Some(_) => {
            let hostile = hostile(&binary, options)?;
            (if options.json { hostile.json() } else { hostile.markdown() }, hostile.is_borne())
        }
        None => {
            let report = run(options, &binary)?;
            (if options.json { report.json() } else { report.markdown() }, true)
        }
    };
    anstream::println!("{text}");
    Ok(kept)
}

fn run(options: &Options, binary: &Binary) -> Outcome<Report> {
    let (rows, binary_bytes) = (rows(options, binary)?, binary.bytes()?);
    let Options { rounds, seconds, concurrency, password_cost, .. } = *options;
    Ok(Report { cores: load::cores(), rounds, seconds, concurrency, password_cost, binary_bytes, rows })
}

fn rows(options: &Options, binary: &Binary) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    // First, while nothing else runs.
    if options.wants(Scenario::StartUp) {
        rows.push(scenarios::start_up(binary)?);
    }
    if options.wants(Scenario::Streams) {
        rows.push(scenarios::streams(binary, options)?);
    }
    if options.wants(Scenario::Casting) {
        rows.extend(scenarios::casting(binary, options)?);
    }
    if !options.wants_a_world() {
        return Ok(rows);
    }
    let mut world = World::set_up(binary, options)?;
    if options.wants(Scenario::Skills) {
        rows.push(scenarios::skills(&world, options)?);
    }
    if options.wants(Scenario::Questions) {
        for skills in [1, 5, 20] {
            rows.push(scenarios::questions(&world, options, skills)?);
        }
    }
    if options.wants(Scenario::Latency) {
        rows.extend(scenarios::latency(&world, options)?);
    }
    if options.wants(Scenario::SignIn) {
        rows.push(scenarios::sign_in(&world, options)?);
    }
    if options.wants(Scenario::Events) {
        rows.extend(scenarios::events(&mut world, options)?);
    }
    Ok(rows)
}
