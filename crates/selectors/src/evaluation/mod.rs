//! How well a selector routes, measured on questions whose skills are known.

use square_kernel::SkillId;
use square_routing::{Ranking, Selector, SelectorUnavailable};
use std::time::{Duration, Instant};

/// A question and the skill that fits it; `None` when none does ("out of scope").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The question.
    pub question: String,
    /// Whose it is.
    pub skill: Option<SkillId>,
}

/// What came out. Shares are between 0 and 1 and 0 where there was nothing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Report {
    /// Questions that a skill fits.
    pub in_scope: usize,
    /// Questions that no skill fits.
    pub out_of_scope: usize,
    /// Share of the questions in scope for which the right skill came first, fitting or not.
    pub top1: f64,
    /// The same among the first three.
    pub top3: f64,
    /// Share of the questions in scope for which the right skill came first and passed the threshold.
    pub in_scope_at_threshold: f64,
    /// Share of the questions out of scope for which no skill passed the threshold.
    pub oos_recall: f64,
    /// How probable it is that a question in scope has a higher best score than one out of scope (the area
    /// under the ROC curve).
    pub oos_auroc: f64,
    /// How far best scores are from the share of right ones, on average over ten bins (expected calibration
    /// error, Naeini et al. 2015). Questions out of scope count as wrong.
    pub ece: f64,
    /// Half of the questions took at most this long to rank.
    pub p50: Duration,
    /// 99 of 100 questions took at most this long to rank.
    pub p99: Duration,
}

/// Ranks every sample among `candidates`, one after the other.
pub async fn evaluate(
    selector: &dyn Selector,
    candidates: &[SkillId],
    samples: &[Sample],
) -> Result<Report, SelectorUnavailable> {
    let mut outcomes = Vec::with_capacity(samples.len());
    for sample in samples {
        let started = Instant::now();
        let ranking = selector.rank(&sample.question, candidates).await?;
        let took = started.elapsed();
        outcomes.push(Outcome::new(sample, candidates, &ranking, took));
    }
    Ok(report(&outcomes))
}

struct Outcome {
    in_scope: bool,
    /// The right skill's place in the ranking, from 0.
    place: Option<usize>,
    best: f32,
    fits: bool,
    took: Duration,
}

impl Outcome {
    fn new(sample: &Sample, candidates: &[SkillId], ranking: &Ranking, took: Duration) -> Self {
        let right = |score: &square_routing::Score| Some(candidates[score.candidate]) == sample.skill;
        let best = ranking.scores.first().map_or(0.0, |score| score.score);
        Self {
            in_scope: sample.skill.is_some(),
            place: ranking.scores.iter().position(right),
            best,
            fits: !ranking.scores.is_empty() && best >= ranking.threshold,
            took,
        }
    }

    fn right(&self) -> bool {
        self.place == Some(0)
    }
}

fn report(outcomes: &[Outcome]) -> Report {
    let (inside, outside): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.in_scope);
    let mut times: Vec<_> = outcomes.iter().map(|outcome| outcome.took).collect();
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
        ece: ece(outcomes),
        p50: quantile(50),
        p99: quantile(99),
    }
}

fn share(outcomes: &[&Outcome], holds: impl Fn(&Outcome) -> bool) -> f64 {
    outcomes.iter().filter(|outcome| holds(outcome)).count() as f64 / outcomes.len().max(1) as f64
}

/// By ranks (Mann and Whitney 1947); equal scores count half.
fn auroc(inside: &[&Outcome], outside: &[&Outcome]) -> f64 {
    let mut below: Vec<_> = outside.iter().map(|outcome| outcome.best).collect();
    below.sort_unstable_by(f32::total_cmp);
    let won = |outcome: &&Outcome| {
        let less = below.partition_point(|best| *best < outcome.best);
        let at_most = below.partition_point(|best| *best <= outcome.best);
        (less + at_most) as f64 / 2.0
    };
    inside.iter().map(won).sum::<f64>() / (inside.len() * outside.len()).max(1) as f64
}

fn ece(outcomes: &[Outcome]) -> f64 {
    const BINS: u8 = 10;
    let gap = |bin: u8| {
        let (low, high) = (f32::from(bin) / f32::from(BINS), f32::from(bin + 1) / f32::from(BINS));
        let within = |best: f32| best >= low && (best < high || bin + 1 == BINS);
        let inside = outcomes.iter().filter(|outcome| within(outcome.best));
        let off = |outcome: &Outcome| f64::from(outcome.best) - f64::from(u8::from(outcome.right()));
        inside.map(off).sum::<f64>().abs()
    };
    (0..BINS).map(gap).sum::<f64>() / outcomes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(in_scope: bool, place: Option<usize>, best: f32) -> Outcome {
        Outcome { in_scope, place, best, fits: best >= 0.3, took: Duration::from_micros(7) }
    }

    #[test]
    fn counts_by_hand() {
        let outcomes = [
            outcome(true, Some(0), 0.9),
            outcome(true, Some(0), 0.2),
            outcome(true, Some(2), 0.8),
            outcome(true, None, 0.4),
            outcome(false, None, 0.2),
            outcome(false, None, 0.5),
        ];
        let report = report(&outcomes);
        assert_eq!((report.in_scope, report.out_of_scope), (4, 2));
        assert!((report.top1 - 0.5).abs() < 1e-9);
        assert!((report.top3 - 0.75).abs() < 1e-9);
        assert!((report.in_scope_at_threshold - 0.25).abs() < 1e-9);
        assert!((report.oos_recall - 0.5).abs() < 1e-9);
        // Against 0.2 the four win 1, ½, 1, 1; against 0.5 they win 1, 0, 1, 0.
        assert!((report.oos_auroc - 5.5 / 8.0).abs() < 1e-9);
        // Bins: 0.2 and 0.2 (one right), 0.4, 0.5, 0.8, 0.9 (right).
        assert!((report.ece - (0.6 + 0.4 + 0.5 + 0.8 + 0.1) / 6.0).abs() < 1e-6);
        assert_eq!(report.p99, Duration::from_micros(7));
    }

    #[test]
    fn nothing_to_measure_gives_zeros() {
        assert_eq!(report(&[]), Report::default());
    }
}
