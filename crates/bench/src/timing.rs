//! Whether the time of a reply tells if a name or an address has an account.
//!
//! Each call is made so many times with known and with unknown names, in random order over one connection. The area under the ROC
//! curve is how often a known name's reply came later than an unknown one's (Mann and Whitney): 0.5 where time tells nothing, 0 or 1
//! where it tells all.

use crate::client::Connection;
use crate::message::post_json;
use crate::options::Options;
use crate::server::{Binary, Server};
use crate::statistics::{quantile, sorted};
use crate::{Outcome, client};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Between these a measured area passes for "nothing".
const BAND: RangeInclusive<f64> = 0.45..=0.55;
/// How many accounts there are; those who come to one of them again find nothing changed.
const ACCOUNTS: usize = 100;
/// How many pairs go ahead of those that are measured, until caches and connections are what they stay.
const WARM_UP: usize = 50;
/// Longer than all of it takes.
const LIMIT: Duration = Duration::from_hours(1);

const PASSWORD: &str = "a password of the benchmark";

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Timing {
    password_cost: u32,
    calls: Vec<Figures>,
}

/// What one call gave, in milliseconds.
#[derive(Debug, Serialize)]
struct Figures {
    call: &'static str,
    samples: usize,
    known_median: f64,
    unknown_median: f64,
    area: f64,
}

/// The calls that take a name or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    SignIn,
    Forgot,
    Register,
    Resend,
}

impl Call {
    const ALL: [Self; 4] = [Self::SignIn, Self::Forgot, Self::Register, Self::Resend];

    const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/api/login",
            Self::Forgot => "/api/forgot_password",
            Self::Register => "/api/register",
            Self::Resend => "/api/resend_confirmation",
        }
    }

    /// What both kinds are answered with.
    const fn status(self) -> u16 {
        match self {
            Self::SignIn => 401,
            Self::Register => 201,
            Self::Forgot | Self::Resend => 200,
        }
    }

    /// The body of call number `number`; those of both kinds are equally long.
    fn body(self, known: bool, number: usize) -> Value {
        let name = if known { account(number % ACCOUNTS) } else { stranger(self, number) };
        let address = format!("{name}@square.example");
        match self {
            Self::SignIn => json!({"username": name, "password": "another password"}),
            // The username is always free: that one is taken is no secret.
            Self::Register => {
                let free = if known { newcomer(number) } else { stranger(self, number) };
                json!({"username": free, "email": address, "password": PASSWORD})
            }
            Self::Forgot | Self::Resend => json!({"email": address}),
        }
    }
}

fn account(number: usize) -> String {
    format!("known-{number:08}")
}

fn newcomer(number: usize) -> String {
    format!("fresh-{number:08}")
}

fn stranger(call: Call, number: usize) -> String {
    let call = match call {
        Call::SignIn => 'l',
        Call::Forgot => 'f',
        Call::Register => 'r',
        Call::Resend => 'c',
    };
    format!("other-{call}{number:07}")
}

/// Measures all calls.
pub(crate) fn timing(binary: &Binary, options: &Options) -> Outcome<Timing> {
    let mut settings =
        vec![("APP_ENV", "test".to_owned()), ("SQUARE__PASSWORDS__COST", options.password_cost.to_string())];
    settings.extend(options.database.clone().map(|url| ("DATABASE_URL", url)));
    let server = Server::start(binary, settings, None)?;
    let calls = client::block_on_for(LIMIT, async {
        let mut connection = Connection::open(server.address).await?;
        anstream::eprintln!("timing: registering {ACCOUNTS} accounts");
        for number in 0..ACCOUNTS {
            let (name, password) = (account(number), PASSWORD);
            let body =
                json!({"username": name, "email": format!("{name}@square.example"), "password": password});
            connection.send(&post_json(Call::Register.path(), &[], &body)).await?.json()?;
        }
        let mut calls = Vec::new();
        for call in Call::ALL {
            anstream::eprintln!("timing: {} of both kinds to {}", options.samples(), call.path());
            calls.push(measure(&mut connection, call, options.samples()).await?);
        }
        Ok(calls)
    })?;
    Ok(Timing { password_cost: options.password_cost, calls })
}

async fn measure(connection: &mut Connection, call: Call, samples: usize) -> Outcome<Figures> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut random = Random(call.path().len() as u64);
    for number in 0..WARM_UP + samples {
        // One of each kind in every pair, and nobody knows which comes first.
        let first = random.next().is_multiple_of(2);
        for is_known in [first, !first] {
            let request = post_json(call.path(), &[], &call.body(is_known, number));
            let begun = Instant::now();
            let status = connection.send(&request).await?.status;
            let took = begun.elapsed().as_secs_f64() * 1000.0;
            if status != call.status() {
                return Err(format!("{} was answered by {status}", call.path()).into());
            }
            if number >= WARM_UP {
                if is_known { known.push(took) } else { unknown.push(took) }
            }
        }
    }
    Ok(Figures {
        call: call.path(),
        samples,
        known_median: quantile(&sorted(known.iter().copied()), 0.5),
        unknown_median: quantile(&sorted(unknown.iter().copied()), 0.5),
        area: area(&known, &unknown),
    })
}

/// How often a figure of `some` is greater than one of `others`, of all pairs; being equal counts as half.
fn area(some: &[f64], others: &[f64]) -> f64 {
    let others = sorted(others.iter().copied());
    let below = |figure: f64| others.partition_point(|other| *other < figure);
    let not_above = |figure: f64| others.partition_point(|other| *other <= figure);
    let twice: usize = some.iter().map(|figure| below(*figure) + not_above(*figure)).sum();
    #[expect(clippy::cast_precision_loss, reason = "there are never 2^52 pairs")]
    let share = twice as f64 / (2 * some.len() * others.len()) as f64;
    share
}

/// `SplitMix64` (Steele et al. 2014): the same order in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Timing {
    /// Whether time tells nothing at any call.
    pub(crate) fn is_even(&self) -> bool {
        self.calls.iter().all(|figures| BAND.contains(&figures.area))
    }

    /// All figures.
    pub(crate) fn json(&self) -> String {
        // Numbers and words always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// A table.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "bcrypt cost {}. Area under the ROC curve of known against unknown; {} to {} passes for nothing.\n\n\
             | call | of each kind | known, median ms | unknown, median ms | area | |\n|---|---|---|---|---|---|\n",
            self.password_cost,
            BAND.start(),
            BAND.end()
        );
        for Figures { call, samples, known_median, unknown_median, area } in &self.calls {
            let verdict = if BAND.contains(area) { "tells nothing" } else { "tells who is known" };
            // Writing to a text never fails.
            let _ = writeln!(
                text,
                "| `POST {call}` | {samples} | {known_median:.3} | {unknown_median:.3} | {area:.3} | {verdict} |"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_area_is_the_share_of_pairs_that_are_in_order() {
        assert!(close(area(&[1.0, 2.0], &[3.0, 4.0]), 0.0));
        assert!(close(area(&[3.0, 4.0], &[1.0, 2.0]), 1.0));
        assert!(close(area(&[1.0, 2.0], &[1.0, 2.0]), 0.5));
        assert!(close(area(&[1.0, 4.0], &[2.0, 3.0]), 0.5));
        assert!(close(area(&[2.0, 4.0, 5.0], &[1.0, 3.0]), 5.0 / 6.0));
    }

    #[test]
    fn bodies_of_both_kinds_are_equally_long_and_strangers_are_new_to_every_call() {
        let mut strangers = std::collections::BTreeSet::new();
        for call in Call::ALL {
            for number in [0, 7, ACCOUNTS, 9_999] {
                let body = |known| call.body(known, number).to_string();
                assert_eq!(body(true).len(), body(false).len());
                assert!(strangers.insert(stranger(call, number)));
            }
        }
    }

    #[test]
    fn both_orders_come_about() {
        let mut random = Random(1);
        let first = (0..1000).filter(|_| random.next().is_multiple_of(2)).count();
        assert!((400..600).contains(&first), "{first}");
    }
}
