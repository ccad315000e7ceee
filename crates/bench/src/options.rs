use crate::load::Load;
use crate::scenarios::Scenario;
use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Measures a Square server on this machine, each figure beside a limit: a bare server or loop that does only
/// what cannot be left out.
///
/// Needs the release binary beside it: cargo build --release -p square-app -p square-bench makes both at once,
/// and what they share only once. Everything runs on 127.0.0.1, in a folder that is removed
/// afterwards. Server and limit take turns, and only figures of the same turn are compared: the speed of a
/// shared machine drifts. The load is made on the same cores, so a ratio tells what a client would notice
/// here, not how the servers compare in processor time alone.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Options {
    /// What to measure. [default: everything]
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,

    /// How long server and limit are pressed in each round, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) seconds: u64,

    /// How many rounds.
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) rounds: u32,

    /// How many requests are under way at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,

    /// bcrypt's cost. Less than in production, since a cheaper hash shows more of what surrounds it.
    #[arg(long, value_name = "COST", default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=14))]
    pub(crate) password_cost: u32,

    /// How many calls of each kind `timing` makes.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(10..))]
    samples: u16,

    /// The server to measure. [default: `square` beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,

    /// A PostgreSQL or MySQL database to have the server use; empty ones are best, and what is in it afterwards stays.
    /// Starting on an empty folder is measured with SQLite all the same. [default: SQLite in an empty folder]
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// A RabbitMQ broker (host:port) to have the server publish changes to, running or not.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) broker: Option<String>,

    /// Print JSON with every round instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn wants(&self, scenario: Scenario) -> bool {
        self.scenarios.is_empty() || self.scenarios.contains(&scenario)
    }

    /// Whether something is wanted that needs the world of skills.
    pub(crate) fn wants_a_world(&self) -> bool {
        let in_none = [Scenario::StartUp, Scenario::Streams, Scenario::Casting];
        self.scenarios.is_empty() || self.scenarios.iter().any(|scenario| !in_none.contains(scenario))
    }

    /// The scenario that is measured alone, where one is named.
    pub(crate) fn alone(&self) -> Option<Scenario> {
        let mut alone = [Scenario::Timing, Scenario::Hostile].into_iter();
        alone.find(|scenario| self.scenarios.contains(scenario))
    }

    /// How many calls of each kind it takes to tell times apart.
    pub(crate) fn samples(&self) -> usize {
        self.samples.into()
    }

    pub(crate) fn load(&self) -> Load {
        Load { connections: self.concurrency.into(), time: Duration::from_secs(self.seconds) }
    }
}
