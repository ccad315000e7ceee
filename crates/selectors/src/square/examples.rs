use super::features::{Extractor, Feature};
use square_kernel::SkillId;
use std::collections::HashSet;

/// What a skill is learnt from.
pub(crate) struct Examples {
    skill: SkillId,
    questions: Vec<Vec<Feature>>,
}

impl Examples {
    /// The most questions learnt from, for one skill. What more would teach is not worth what it costs.
    pub(crate) const MAX: usize = 2000;

    /// Passes over questions without a word and those that differ from an earlier one in nothing that
    /// counts; of more than [`Self::MAX`] takes that many, evenly spread. `None` when no question is left.
    pub(crate) fn new(skill: SkillId, questions: &[String]) -> Option<Self> {
        let extractor = Extractor::new();
        let mut seen = HashSet::new();
        let step = questions.len().div_ceil(Self::MAX).max(1);
        let features = questions.iter().step_by(step).map(|question| extractor.features(question));
        let questions: Vec<_> =
            features.filter(|features| !features.is_empty() && seen.insert(features.clone())).collect();
        (!questions.is_empty()).then_some(Self { skill, questions })
    }

    /// Whose they are.
    pub(crate) fn skill(&self) -> SkillId {
        self.skill
    }

    /// The features of each question.
    pub(crate) fn questions(&self) -> &[Vec<Feature>] {
        &self.questions
    }

    /// How many, at least one.
    pub(crate) fn len(&self) -> usize {
        self.questions.len()
    }
}
