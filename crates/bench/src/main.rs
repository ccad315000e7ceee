//! A load harness. It starts the server and everything around it on the loopback address and prints each
//! figure beside a limit measured in the same minute, for a figure alone says more of the machine than of
//! the server.

mod client;
mod limits;
mod load;
mod message;
mod options;
mod report;
mod scenarios;
mod server;
mod statistics;
mod stubs;
mod timing;
mod world;

use clap::Parser;
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
    if options.wants_timing() {
        return measure_timing(&options);
    }
    match run(&options) {
        Ok(report) if options.json => anstream::println!("{}", report.json()),
        Ok(report) => anstream::println!("{}", report.markdown()),
        Err(error) => {
            anstream::eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Fails where time tells something.
fn measure_timing(options: &Options) -> ExitCode {
    let measured = Binary::find(options.server.as_deref()).and_then(|binary| timing(&binary, options));
    match measured {
        Ok(timing) => {
            anstream::println!("{}", if options.json { timing.json() } else { timing.markdown() });
            if timing.is_even() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<Report> {
    let binary = Binary::find(options.server.as_deref())?;
    let (rows, binary_bytes) = (rows(options, &binary)?, binary.bytes()?);
    let Options { rounds, seconds, concurrency, password_cost, .. } = *options;
    Ok(Report { cores: load::cores(), rounds, seconds, concurrency, password_cost, binary_bytes, rows })
}

fn rows(options: &Options, binary: &Binary) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    // First, while nothing else runs.
    if options.wants(Scenario::StartUp) {
        rows.push(scenarios::start_up(binary)?);
    }
    if !options.wants_a_running_server() {
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
    if options.wants(Scenario::SignIn) {
        rows.push(scenarios::sign_in(&world, options)?);
    }
    if options.wants(Scenario::Events) {
        rows.extend(scenarios::events(&mut world, options)?);
    }
    Ok(rows)
}
