//! How well a selector routes, measured on questions whose skills are known.
//!
//! [`evaluate`] asks; [`Evaluation`] holds what came out, question by question. [`Report`] sums it up in a few
//! figures, [`Band`]s tell whether scores are probabilities, [`Confusion`]s which skills are taken for which.

mod confusion;
mod reliability;
mod report;

pub use confusion::Confusion;
pub use reliability::Band;
pub use report::Report;

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

/// What a selector made of one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Whether some skill fits the question.
    pub in_scope: bool,
    /// The right skill's place in the ranking, from 0.
    pub place: Option<usize>,
    /// The best skills, at most three, with their scores.
    pub best: Vec<(SkillId, f32)>,
    /// Whether the best one passes the threshold.
    pub fits: bool,
    /// How long ranking took.
    pub took: Duration,
}

impl Outcome {
    fn new(sample: &Sample, candidates: &[SkillId], ranking: &Ranking, took: Duration) -> Self {
        let skill = |score: &square_routing::Score| candidates[score.candidate];
        let best = ranking.scores.first().map_or(0.0, |score| score.score);
        Self {
            in_scope: sample.skill.is_some(),
            place: ranking.scores.iter().position(|score| Some(skill(score)) == sample.skill),
            best: ranking.scores.iter().take(3).map(|score| (skill(score), score.score)).collect(),
            fits: !ranking.scores.is_empty() && best >= ranking.threshold,
            took,
        }
    }

    /// Whether the right skill came first.
    pub fn right(&self) -> bool {
        self.place == Some(0)
    }

    /// The best skill's score; 0 where none was ranked.
    pub fn score(&self) -> f32 {
        self.best.first().map_or(0.0, |(_, score)| *score)
    }
}

/// What came out, in the order of the samples.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    outcomes: Vec<Outcome>,
}

impl Evaluation {
    /// One outcome for each sample.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}

/// Ranks every sample among `candidates`, one after the other; `done` is told how many have been.
pub async fn evaluate(
    selector: &dyn Selector,
    candidates: &[SkillId],
    samples: &[Sample],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation, SelectorUnavailable> {
    let mut outcomes = Vec::with_capacity(samples.len());
    for sample in samples {
        let started = Instant::now();
        let ranking = selector.rank(&sample.question, candidates).await?;
        let took = started.elapsed();
        outcomes.push(Outcome::new(sample, candidates, &ranking, took));
        done(outcomes.len());
    }
    Ok(Evaluation { outcomes })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn skill(n: u128) -> SkillId {
        square_kernel::uuid::Uuid::from_u128(n).into()
    }

    /// A question on which the skills came in this order, the first with a score of `best`.
    pub(super) fn outcome(right: Option<u128>, order: &[u128], best: f32) -> Outcome {
        Outcome {
            in_scope: right.is_some(),
            place: order.iter().position(|&n| Some(n) == right),
            best: order.iter().take(3).map(|&n| (skill(n), best)).collect(),
            fits: best >= 0.3,
            took: Duration::from_micros(7),
        }
    }

    #[tokio::test]
    async fn every_sample_is_asked_among_the_candidates() {
        let samples = [1, 2, 9].map(|n| Sample { question: format!("question {n}"), skill: Some(skill(n)) });
        let told = std::sync::Mutex::new(Vec::new());
        let evaluation = evaluate(&crate::BaseSelector, &[skill(2), skill(1)], &samples, &|done| {
            told.lock().unwrap().push(done);
        })
        .await
        .unwrap();
        let places: Vec<_> = evaluation.outcomes().iter().map(|outcome| outcome.place).collect();
        assert_eq!(places, [Some(1), Some(0), None]);
        assert_eq!(evaluation.outcomes()[0].best, [(skill(2), 1.0), (skill(1), 1.0)]);
        assert_eq!(told.into_inner().unwrap(), [1, 2, 3]);
    }
}
