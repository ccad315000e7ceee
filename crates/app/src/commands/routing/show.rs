use super::data::DataSet;
use crate::terminal::{self, FAINT, STRONG, styled};
use serde_json::{Value, json};
use square_selectors::evaluation::{Evaluation, Report};
use std::time::Duration;

/// How many questions of a confused pair are shown.
const SHOWN: usize = 2;

/// What a run came to.
pub(super) struct Figures {
    pub(super) report: Report,
    pub(super) train: Duration,
    pub(super) model_bytes: usize,
    pub(super) skills: usize,
    pub(super) examples: usize,
}

impl Figures {
    /// The last line that is printed. Whoever reads it relies on these names.
    pub(super) fn json(&self) -> Value {
        let report = &self.report;
        let share = |share: Option<f64>| share.map(|share| (share * 10_000.0).round() / 10_000.0);
        let micros = |time: Duration| (time.as_secs_f64() * 10_000_000.0).round() / 10.0;
        json!({
            "top1": share(report.top1),
            "top3": share(report.top3),
            "oos_recall": share(report.oos_recall),
            "in_scope_at_threshold": share(report.in_scope_at_threshold),
            "oos_auroc": share(report.oos_auroc),
            "ece": share(report.ece),
            "train_ms": u64::try_from(self.train.as_millis()).unwrap_or(u64::MAX),
            "p50_us": micros(report.p50),
            "p99_us": micros(report.p99),
            "model_bytes": self.model_bytes,
            "skills": self.skills,
            "examples": self.examples,
        })
    }
}

pub(super) fn summary(data: &DataSet, selector: &str, figures: &Figures) {
    let report = &figures.report;
    let percent =
        |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let heading = format_args!("{selector}: {} skills, {} examples", figures.skills, figures.examples);
    terminal::line(styled(STRONG, heading));
    terminal::line(format_args!(
        "{} questions tuned with, {} measured, of which {} fit no skill",
        data.val.len(),
        data.test.len(),
        report.out_of_scope
    ));
    terminal::line(format_args!(
        "right skill first {}, among the first three {}, first and above the threshold {}",
        percent(report.top1),
        percent(report.top3),
        percent(report.in_scope_at_threshold)
    ));
    if data.unknown() > 0 {
        terminal::note(format_args!(
            "{} test questions belong to skills that have no training question; they count as wrong",
            data.unknown()
        ));
    }
}

/// Whether scores are probabilities.
pub(super) fn reliability(evaluation: &Evaluation) {
    terminal::line("");
    terminal::line(styled(FAINT, "best score   questions   average   right"));
    for band in evaluation.reliability() {
        terminal::line(format_args!(
            "{:.1} to {:.1}   {:>9}   {:>7.3}   {:>5.3}",
            band.from, band.to, band.questions, band.score, band.right
        ));
    }
}

/// The pairs of skills that were confused most.
pub(super) fn confusions(data: &DataSet, evaluation: &Evaluation, pairs: usize) {
    terminal::line("");
    terminal::line(styled(FAINT, "times   skill → came first in its place"));
    for confusion in evaluation.confusions(&data.test).into_iter().take(pairs) {
        let (right, taken_for) = (data.name(confusion.right), data.name(confusion.taken_for));
        terminal::line(format_args!("{:>5}   {right} → {taken_for}", confusion.samples.len()));
        for &sample in confusion.samples.iter().take(SHOWN) {
            terminal::line(styled(FAINT, format_args!("        {}", data.test[sample].question)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_all_names_and_null_where_nothing_was_measured() {
        let report = Report {
            top1: Some(0.912_345),
            ece: Some(0.0),
            p50: Duration::from_nanos(12_340),
            ..Report::default()
        };
        let figures =
            Figures { report, train: Duration::from_millis(1200), model_bytes: 7, skills: 2, examples: 9 };
        let shown = json!({
            "top1": 0.9123, "top3": null, "oos_recall": null, "in_scope_at_threshold": null, "oos_auroc": null,
            "ece": 0.0, "train_ms": 1200, "p50_us": 12.3, "p99_us": 0.0, "model_bytes": 7, "skills": 2, "examples": 9,
        });
        assert_eq!(figures.json(), shown);
    }
}
