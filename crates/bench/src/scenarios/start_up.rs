use crate::Outcome;
use crate::report::{Aim, Round, Row, Unit};
use crate::server::{Binary, Server};

/// How often the server is started.
const TIMES: u32 = 10;

/// From the start of the process, on an empty folder, to its first answer that it is ready; against the same
/// program telling its version.
pub(crate) fn start_up(binary: &Binary) -> Outcome<Row> {
    let mut rounds = Vec::new();
    anstream::eprintln!("start-up: {TIMES} times");
    for _ in 0..TIMES {
        let limit = binary.time_of_version()?.as_secs_f64() * 1e3;
        let server = Server::start(binary, Vec::new(), None)?.ready_after.as_secs_f64() * 1e3;
        rounds.push(Round { server, limit });
    }
    Ok(Row::new(
        "start on an empty folder (limit: `--version`)",
        Unit::Milliseconds,
        Aim::Below(300.0),
        rounds,
    ))
}
