use super::{Evaluation, Outcome};
use std::time::Duration;

/// A few figures for all questions. Shares are between 0 and 1, and `None` where there was nothing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Report {
    /// Questions that a skill fits.
    pub in_scope: usize,
    /// Questions that no skill fits.
    pub out_of_scope: usize,
    /// Share of the questions in scope for which the right skill came first, fitting or not.
    pub top1: Option<f64>,
    /// The same among the first three.
    pub top3: Option<f64>,
    /// Share of the questions in scope for which the right skill came first and passed the threshold.
    pub in_scope_at_threshold: Option<f64>,
    /// Share of the questions out of scope for which no skill passed the threshold.
    pub oos_recall: Option<f64>,
    /// How probable it is that a question in scope has a higher best score than one out of scope (the area
    /// under the ROC curve).
    pub oos_auroc: Option<f64>,
    /// How far best scores are from the share of right ones, on average over ten bands (expected calibration
    /// error, Naeini et al. 2015). Questions out of scope count as wrong.
    pub ece: Option<f64>,
    /// Half of the questions took at most this long to rank.
    pub p50: Duration,
    /// 99 of 100 questions took at most this long to rank.
    pub p99: Duration,
}

impl Evaluation {
    /// Sums up.
    pub fn report(&self) -> Report {
        let (inside, outside): (Vec<_>, Vec<_>) = self.outcomes.iter().partition(|outcome| outcome.in_scope);
        let mut times: Vec<_> = self.outcomes.iter().map(|outcome| outcome.took).collect();
        times.sort_unstable();
        let quantile = |of_100: usize| times.get(times.len() * of_100 / 100).copied().unwrap_or_default();
        Report {
            in_scope: inside.len(),
            out_of_scope: outside.len(),
            top1: share(&inside, Outcome::right),
            top3: share(&inside, |outcome| outcome.place.is_some_and(|place| place < 3)),
            in_scope_at_threshold: share(&inside, |outcome| outcome.right() && outcome.fits),
            oos_recall: share(&outside, |outcome| !outcome.fits),
            oos_auroc: auroc(&inside, &outside),
            ece: (!self.outcomes.is_empty()).then(|| self.calibration_error()),
            p50: quantile(50),
            p99: quantile(99),
        }
    }
}

fn share(outcomes: &[&Outcome], holds: impl Fn(&Outcome) -> bool) -> Option<f64> {
    let holding = outcomes.iter().filter(|outcome| holds(outcome)).count();
    (!outcomes.is_empty()).then(|| holding as f64 / outcomes.len() as f64)
}

/// By ranks (Mann and Whitney 1947); equal scores count half.
fn auroc(inside: &[&Outcome], outside: &[&Outcome]) -> Option<f64> {
    let mut below: Vec<_> = outside.iter().map(|outcome| outcome.score()).collect();
    below.sort_unstable_by(f32::total_cmp);
    let won = |outcome: &&Outcome| {
        let less = below.partition_point(|best| *best < outcome.score());
        let at_most = below.partition_point(|best| *best <= outcome.score());
        (less + at_most) as f64 / 2.0
    };
    let pairs = inside.len() * outside.len();
    (pairs > 0).then(|| inside.iter().map(won).sum::<f64>() / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    #[test]
    fn counts_by_hand() {
        let outcomes = vec![
            outcome(Some(1), &[1, 2], 0.9),
            outcome(Some(1), &[1, 2], 0.2),
            outcome(Some(1), &[2, 3, 1], 0.8),
            outcome(Some(1), &[2, 3, 4, 1], 0.4),
            outcome(None, &[1], 0.2),
            outcome(None, &[1], 0.5),
        ];
        let report = Evaluation { outcomes }.report();
        assert_eq!((report.in_scope, report.out_of_scope), (4, 2));
        let near = |measured: Option<f64>, counted: f64| (measured.unwrap() - counted).abs() < 1e-6;
        assert!(near(report.top1, 0.5));
        assert!(near(report.top3, 0.75));
        assert!(near(report.in_scope_at_threshold, 0.25));
        assert!(near(report.oos_recall, 0.5));
        // Against 0.2 the four win 1, ½, 1, 1; against 0.5 they win 1, 0, 1, 0.
        assert!(near(report.oos_auroc, 5.5 / 8.0));
        // Bands: 0.2 and 0.2 (one right), 0.4, 0.5, 0.8, 0.9 (right).
        assert!(near(report.ece, (0.6 + 0.4 + 0.5 + 0.8 + 0.1) / 6.0));
        assert_eq!(report.p99, Duration::from_micros(7));
    }

    #[test]
    fn where_there_is_nothing_to_measure_nothing_is_claimed() {
        assert_eq!(Evaluation::default().report(), Report::default());
        let inside = Evaluation { outcomes: vec![outcome(Some(1), &[1], 0.9)] }.report();
        assert_eq!((inside.oos_recall, inside.oos_auroc, inside.top1), (None, None, Some(1.0)));
        let outside = Evaluation { outcomes: vec![outcome(None, &[1], 0.1)] }.report();
        assert_eq!((outside.top1, outside.oos_auroc, outside.oos_recall), (None, None, Some(1.0)));
    }
}
