use super::features::Extractor;
use super::reading::{Reading, Rounded, readings};
use super::words::words;
use square_kernel::SkillId;
use std::collections::HashSet;

/// What a skill is learnt from.
#[derive(Clone)]
pub(crate) struct Examples {
    skill: SkillId,
    questions: Vec<String>,
    /// One for each question, or none.
    embeddings: Vec<Rounded>,
}

impl Examples {
    /// The most questions learnt from, for one skill. What more would teach is not worth what it costs.
    pub(crate) const MAX: usize = 2000;

    /// Passes over questions without a word and those that differ from an earlier one in nothing that
    /// counts; of more than [`Self::MAX`] takes that many, evenly spread. `None` when no question is left.
    pub(crate) fn new(skill: SkillId, questions: &[String]) -> Option<Self> {
        let mut seen = HashSet::new();
        let step = questions.len().div_ceil(Self::MAX).max(1);
        let is_new = |question: &&String| {
            let words = words(question);
            !words.is_empty() && seen.insert(words)
        };
        let questions: Vec<_> = questions.iter().step_by(step).filter(is_new).cloned().collect();
        (!questions.is_empty()).then_some(Self { skill, questions, embeddings: Vec::new() })
    }

    /// Whose they are.
    pub(crate) fn skill(&self) -> SkillId {
        self.skill
    }

    /// What is learnt from.
    pub(crate) fn questions(&self) -> &[String] {
        &self.questions
    }

    /// Takes one embedding for each question.
    pub(crate) fn embed(&mut self, embeddings: Vec<Rounded>) {
        self.embeddings = embeddings;
    }

    /// How many numbers its embeddings have; 0 where it has none.
    pub(crate) fn dims(&self) -> usize {
        self.embeddings.first().map_or(0, |embedding| embedding.numbers.len())
    }

    /// What is read off each question. It is not kept: it takes twenty times the memory.
    pub(crate) fn readings(&self, extractor: &Extractor) -> Vec<Reading> {
        readings(extractor, &self.questions, &self.embeddings)
    }

    /// How many, at least one.
    pub(crate) fn len(&self) -> usize {
        self.questions.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::tests::skill;

    fn kept(questions: &[&str]) -> Option<Vec<String>> {
        let questions: Vec<_> = questions.iter().map(|&question| question.to_owned()).collect();
        Examples::new(skill(1), &questions).map(|examples| examples.questions)
    }

    #[test]
    fn what_teaches_nothing_new_is_passed_over() {
        let questions = ["Who can't?", " ", "who cannot", "?!", "Who can?"];
        assert_eq!(kept(&questions).unwrap(), ["Who can't?", "Who can?"]);
        assert_eq!(kept(&["?", ""]), None);
        assert_eq!(kept(&[]), None);
    }

    #[test]
    fn of_very_many_some_are_taken_from_all_over() {
        let many: Vec<_> = (0..=3 * Examples::MAX).map(|n| format!("question {n}")).collect();
        let examples = Examples::new(skill(1), &many).unwrap();
        assert!(examples.len() <= Examples::MAX);
        assert_eq!(examples.questions.last().unwrap(), &format!("question {}", 3 * Examples::MAX));
    }
}
