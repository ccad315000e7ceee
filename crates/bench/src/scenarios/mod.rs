//! What is measured, one file each.

mod casting;
mod events;
mod latency;
mod questions;
mod sign_in;
mod skills;
mod start_up;
mod streams;

pub(crate) use casting::casting;
pub(crate) use events::events;
pub(crate) use latency::latency;
pub(crate) use questions::questions;
pub(crate) use sign_in::sign_in;
pub(crate) use skills::skills;
pub(crate) use start_up::start_up;
pub(crate) use streams::streams;

use crate::Outcome;
use crate::options::Options;
use crate::report::Round;
use clap::ValueEnum;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// From the start of the process to the first answer that it is ready.
    StartUp,
    /// The list of 100 published skills.
    Skills,
    /// Questions to 1, 5 and 20 skills that answer at once.
    Questions,
    /// What the server adds to three instant skills, at 200 questions a second.
    Latency,
    /// Sign-ins a second.
    SignIn,
    /// From the last byte of a skill's answer to the client's event.
    Events,
    /// Memory of an open event stream.
    Streams,
    /// Lists, single things and questions over 100 000 films, 200 000 actors and 500 000 roles.
    Casting,
    /// Whether good answers arrive while skills of every bad kind are asked beside the good ones; measured only where it
    /// is named, and alone.
    Hostile,
    /// Whether the time of a reply tells who has an account; measured only where it is named, and alone.
    Timing,
}

/// Measures limit and server in turn.
fn rounds(
    name: &str,
    options: &Options,
    mut limit: impl FnMut() -> Outcome<f64>,
    mut server: impl FnMut() -> Outcome<f64>,
) -> Outcome<Vec<Round>> {
    let round = |number| {
        anstream::eprintln!("{name}: round {number} of {}", options.rounds);
        Ok(Round { limit: limit()?, server: server()? })
    };
    (1..=options.rounds).map(round).collect()
}
