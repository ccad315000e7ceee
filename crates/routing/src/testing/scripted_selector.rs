use crate::{Candidate, Example, Ranking, Score, Selector, SelectorUnavailable};
use async_trait::async_trait;
use square_kernel::SkillId;
use std::collections::HashMap;

/// A selector that scores skills as a test says, whatever the question; threshold 0.3, share of best 0.5.
pub struct ScriptedSelector {
    name: String,
    scores: HashMap<SkillId, f32>,
    unpublished: bool,
    failing: Option<String>,
    examples: HashMap<SkillId, Vec<Example>>,
}

impl ScriptedSelector {
    /// Knows these skills only.
    pub fn new(name: &str, scores: impl IntoIterator<Item = (SkillId, f32)>) -> Self {
        Self {
            name: name.to_owned(),
            scores: scores.into_iter().collect(),
            unpublished: false,
            failing: None,
            examples: HashMap::new(),
        }
    }

    /// Asks unpublished skills too.
    #[must_use]
    pub fn asking_unpublished(self) -> Self {
        Self { unpublished: true, ..self }
    }

    /// Cannot rank, for this reason.
    #[must_use]
    pub fn failing(self, reason: &str) -> Self {
        Self { failing: Some(reason.to_owned()), ..self }
    }

    /// Tells of these example questions of a skill, whatever the question.
    #[must_use]
    pub fn with_examples(mut self, skill: SkillId, examples: impl IntoIterator<Item = Example>) -> Self {
        self.examples.insert(skill, examples.into_iter().collect());
        self
    }
}

#[async_trait]
impl Selector for ScriptedSelector {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &'static str {
        "Scores as scripted."
    }

    fn asks_unpublished(&self) -> bool {
        self.unpublished
    }

    async fn rank(&self, _question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        if let Some(reason) = &self.failing {
            return Err(SelectorUnavailable(reason.clone()));
        }
        let score = |(candidate, skill)| self.scores.get(skill).map(|&score| Score { candidate, score });
        let mut scores: Vec<Score> = candidates.iter().enumerate().filter_map(score).collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(Ranking { scores, threshold: 0.3, share_of_best: 0.5 })
    }

    async fn nearest_examples(&self, _question: &str, skills: &[Candidate]) -> Vec<Vec<Example>> {
        skills.iter().map(|skill| self.examples.get(skill).cloned().unwrap_or_default()).collect()
    }
}
