use super::{Evaluation, Sample};
use square_kernel::SkillId;
use std::collections::BTreeMap;

/// Questions of one skill for which another one came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// Whose questions.
    pub right: SkillId,
    /// What came first in its place.
    pub taken_for: SkillId,
    /// Which of the samples, by place, at least one.
    pub samples: Vec<usize>,
}

impl Evaluation {
    /// Which skills are taken for which, most often confused first. `samples` are those that were evaluated.
    pub fn confusions(&self, samples: &[Sample]) -> Vec<Confusion> {
        let mut pairs = BTreeMap::<(SkillId, SkillId), Vec<usize>>::new();
        for (place, (outcome, sample)) in self.outcomes.iter().zip(samples).enumerate() {
            if let (Some(right), Some((first, _))) = (sample.skill, outcome.best.first())
                && right != *first
            {
                pairs.entry((right, *first)).or_default().push(place);
            }
        }
        let confusion = |((right, taken_for), samples)| Confusion { right, taken_for, samples };
        let mut confusions: Vec<_> = pairs.into_iter().map(confusion).collect();
        confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.samples.len()));
        confusions
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{outcome, skill};
    use super::*;

    #[test]
    fn pairs_that_are_confused_most_come_first() {
        let asked = [(Some(1), 2), (Some(2), 2), (Some(3), 1), (Some(1), 2), (None, 1)];
        let outcomes = asked.map(|(right, first)| outcome(right, &[first], 0.5)).to_vec();
        let samples = asked.map(|(right, _)| Sample { question: String::new(), skill: right.map(skill) });
        let confusions = Evaluation { outcomes }.confusions(&samples);
        let pair = |right, taken_for, samples| Confusion {
            right: skill(right),
            taken_for: skill(taken_for),
            samples,
        };
        assert_eq!(confusions, [pair(1, 2, vec![0, 3]), pair(3, 1, vec![2])]);
    }
}
