use crate::statistics::Spread;
use serde::Serialize;
use std::fmt::Write;

/// All that was measured, and how.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) cores: usize,
    pub(crate) rounds: u32,
    pub(crate) seconds: u64,
    pub(crate) concurrency: u16,
    pub(crate) password_cost: u32,
    pub(crate) binary_bytes: u64,
    pub(crate) rows: Vec<Row>,
}

/// One figure of the server beside its limit.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    scenario: String,
    unit: Unit,
    server: Spread,
    limit: Spread,
    /// Server divided by limit, of the same round.
    ratio: Spread,
    aim: Aim,
    rounds: Vec<Round>,
}

/// What one round gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Round {
    pub(crate) server: f64,
    pub(crate) limit: f64,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// How often a second: more is better.
    PerSecond,
    /// Milliseconds: less is better.
    Milliseconds,
    /// Memory, in units of 1000 bytes: less is better.
    Kilobytes,
}

/// What the median should reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// At least this share of the limit.
    Share(f64),
    /// Less than this.
    Below(f64),
    /// It is only told.
    None,
}

impl Row {
    pub(crate) fn new(scenario: impl Into<String>, unit: Unit, aim: Aim, rounds: Vec<Round>) -> Self {
        Self {
            scenario: scenario.into(),
            unit,
            server: Spread::of(rounds.iter().map(|round| round.server)),
            limit: Spread::of(rounds.iter().map(|round| round.limit)),
            ratio: Spread::of(rounds.iter().map(|round| round.server / round.limit)),
            aim,
            rounds,
        }
    }

    /// The aim, and whether it is reached.
    fn verdict(&self) -> String {
        let (aim, reached) = match self.aim {
            Aim::Share(share) => (format!("≥ {share}"), self.ratio.median >= share),
            Aim::Below(most) => (format!("< {most} ms"), self.server.median < most),
            Aim::None => return "–".to_owned(),
        };
        format!("{aim}: {}", if reached { "reached" } else { "missed" })
    }

    fn figure(&self, figure: f64) -> String {
        match self.unit {
            Unit::PerSecond if figure < 1000.0 => format!("{figure:.1}/s"),
            Unit::PerSecond => format!("{figure:.0}/s"),
            Unit::Milliseconds if figure < 10.0 => format!("{figure:.2} ms"),
            Unit::Milliseconds => format!("{figure:.0} ms"),
            Unit::Kilobytes => format!("{figure:.1} kB"),
        }
    }
}

impl Report {
    /// A table for people.
    pub(crate) fn markdown(&self) -> String {
        let mut table = "| scenario | server | limit | server / limit (least to most) | aim |\n".to_owned();
        table.push_str("|---|--:|--:|--:|---|\n");
        for row in &self.rows {
            let (server, limit) = (row.figure(row.server.median), row.figure(row.limit.median));
            let Spread { min, median, max } = row.ratio;
            let (scenario, verdict) = (&row.scenario, row.verdict());
            // Writing to a String cannot fail.
            let _ = writeln!(
                table,
                "| {scenario} | {server} | {limit} | {median:.2} ({min:.2} to {max:.2}) | {verdict} |"
            );
        }
        let Self { cores, rounds, seconds, concurrency, password_cost, .. } = self;
        #[expect(clippy::cast_precision_loss, reason = "a file of less than 2^52 bytes")]
        let megabytes = self.binary_bytes as f64 / 1e6;
        let _ = write!(
            table,
            "\nMedians of {rounds} rounds of {seconds} s each for server and limit; {concurrency} connections; \
             {cores} cores shared with the load; bcrypt cost {password_cost}. The binary has {megabytes:.1} MB."
        );
        table
    }

    /// Everything, for programs.
    pub(crate) fn json(&self) -> String {
        // Numbers and words always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: Vec<Row>) -> Report {
        let (cores, rounds, seconds, concurrency, password_cost) = (2, 3, 1, 32, 10);
        Report { cores, rounds, seconds, concurrency, password_cost, binary_bytes: 21_400_000, rows }
    }

    fn rounds(figures: &[(f64, f64)]) -> Vec<Round> {
        figures.iter().map(|&(server, limit)| Round { server, limit }).collect()
    }

    #[test]
    fn a_ratio_compares_within_a_round_only() {
        // The machine doubled its speed between the rounds; the medians alone would say 2.0.
        let row = Row::new("x", Unit::PerSecond, Aim::Share(0.7), rounds(&[(10.0, 20.0), (40.0, 80.0)]));
        assert_eq!(row.ratio, Spread { min: 0.5, median: 0.5, max: 0.5 });
        assert_eq!(row.verdict(), "≥ 0.7: missed");
    }

    #[test]
    fn more_is_better_for_rates_and_less_for_times() {
        let fast = Row::new("x", Unit::PerSecond, Aim::Share(0.7), rounds(&[(80.0, 100.0)]));
        assert_eq!(fast.verdict(), "≥ 0.7: reached");
        let late = Row::new("x", Unit::Milliseconds, Aim::Below(1.0), rounds(&[(1.2, 0.3)]));
        assert_eq!(late.verdict(), "< 1 ms: missed");
        let soon = Row::new("x", Unit::Milliseconds, Aim::Below(1.0), rounds(&[(0.9, 0.1)]));
        assert_eq!(soon.verdict(), "< 1 ms: reached");
    }

    #[test]
    fn the_table_is_markdown() {
        let row = |unit, aim, figures| Row::new("a thing", unit, aim, rounds(figures));
        let report = report(vec![
            row(Unit::PerSecond, Aim::Share(0.7), &[(1500.0, 2000.0), (1600.0, 2000.0), (1700.0, 2000.0)]),
            row(Unit::Milliseconds, Aim::None, &[(0.5, 0.25)]),
        ]);
        let expected = "\
| scenario | server | limit | server / limit (least to most) | aim |
|---|--:|--:|--:|---|
| a thing | 1600/s | 2000/s | 0.80 (0.75 to 0.85) | ≥ 0.7: reached |
| a thing | 0.50 ms | 0.25 ms | 2.00 (2.00 to 2.00) | – |

Medians of 3 rounds of 1 s each for server and limit; 32 connections; 2 cores shared with the load; \
bcrypt cost 10. The binary has 21.4 MB.";
        assert_eq!(report.markdown(), expected);
    }

    #[test]
    fn json_has_every_round() {
        let report = report(vec![Row::new("x", Unit::PerSecond, Aim::Share(0.7), rounds(&[(1.0, 2.0)]))]);
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["rows"][0]["rounds"][0]["limit"], 2.0);
        assert_eq!(json["rows"][0]["unit"], "per_second");
        assert_eq!(json["rows"][0]["aim"]["share"], 0.7);
    }
}
