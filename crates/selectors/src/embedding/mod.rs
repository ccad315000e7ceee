//! Learning as `Square` does, from words and from what they mean.
//!
//! A question's embedding stands beside its features in one vector, and one classifier a skill learns from both
//! ([`crate::square`]). [`learning`] is how it comes to know skills, [`memory`] what keeps an example from being embedded twice.

mod learning;
mod memory;

#[cfg(test)]
mod tests;

use crate::SquareSelector;
use crate::evaluation::Sample;
use crate::square::Lesson;
use async_trait::async_trait;
use memory::Memory;
use square_kernel::SkillId;
use square_routing::{
    Candidate, Embedder, EmbeddingFailed, Example, Ranking, Selector, SelectorUnavailable, Waiting,
};
use square_skills::ports::LearningFailed;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Learns from the features of example questions, as [`SquareSelector`] does, and from their embeddings.
///
/// Embeddings of examples are kept with what was learnt, so that a start embeds none. Where embeddings cannot be had, it
/// ranks nothing and says so, and another selector is to take its place; what it could not learn meanwhile it has to be taught
/// again.
pub struct EmbeddingSelector {
    square: SquareSelector,
    embedder: Arc<dyn Embedder>,
    memory: Mutex<Memory>,
    behind: Mutex<Behind>,
}

/// What it should know and does not.
struct Behind {
    /// Nothing was learnt yet.
    all: bool,
    /// It was learnt from embeddings of another kind than those that questions get now.
    outdated: bool,
    skills: BTreeSet<SkillId>,
}

impl EmbeddingSelector {
    /// The name under which clients ask for it.
    pub const NAME: &'static str = "Embedding";

    /// Knows no skill yet.
    pub fn new(embedder: Arc<dyn Embedder>) -> Self {
        Self::with_strangers(embedder, &[])
    }

    /// Knows no skill yet, but questions that no skill fits, whatever is learnt.
    pub fn with_strangers(embedder: Arc<dyn Embedder>, strangers: &[String]) -> Self {
        Self::of(SquareSelector::with_strangers(strangers), embedder)
    }

    fn of(square: SquareSelector, embedder: Arc<dyn Embedder>) -> Self {
        let behind = Behind { all: true, outdated: false, skills: BTreeSet::new() };
        Self { square, embedder, memory: Mutex::default(), behind: Mutex::new(behind) }
    }

    /// Starts anew with exactly these skills; `progress` is told numbers from 0 to 1.
    pub async fn train(
        &self,
        skills: &[(SkillId, Arc<[String]>)],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        self.start_anew(Lesson::new(skills), progress).await?;
        self.square.nearest.replace_all(skills);
        *self.behind() = Behind { all: false, outdated: false, skills: BTreeSet::new() };
        Ok(())
    }

    /// Fits the probabilities to questions that were not learnt from; which skill comes first stays the same.
    pub async fn tune(&self, samples: &[Sample]) -> Result<(), LearningFailed> {
        let texts: Vec<_> = samples.iter().map(|sample| sample.question.clone()).collect();
        let embeddings = self.embed(&texts).await?;
        let questions: Vec<_> = samples
            .iter()
            .zip(embeddings)
            .map(|(sample, embedding)| (sample.question.clone(), sample.skill, Some(embedding)))
            .collect();
        self.square
            .change(&|_| (), move |state, _| {
                state.tune(&questions);
                Ok(())
            })
            .await
    }

    /// The memory that ranking takes.
    pub fn model_bytes(&self) -> usize {
        self.square.model_bytes()
    }

    /// Why some of these cannot be ranked now.
    fn missing(&self, candidates: &[Candidate]) -> Option<SelectorUnavailable> {
        let behind = self.behind();
        let says = |what: &str| Some(SelectorUnavailable(what.to_owned()));
        if behind.all {
            says("it has not learnt the skills yet")
        } else if !behind.skills.is_empty()
            && candidates.iter().any(|candidate| behind.skills.contains(candidate))
        {
            says("it has not learnt every skill yet")
        } else {
            None
        }
    }

    /// Notes whether a skill is known now as it should be.
    fn note(&self, skill: SkillId, known: bool) {
        let mut behind = self.behind();
        if known {
            behind.skills.remove(&skill);
        } else {
            behind.skills.insert(skill);
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn behind(&self) -> MutexGuard<'_, Behind> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Selector for EmbeddingSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn description(&self) -> &'static str {
        "Asks the skills whose example questions are most like the question in words and in meaning."
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        if let Some(unavailable) = self.missing(candidates) {
            return Err(unavailable);
        }
        let mut scores = Vec::new();
        if let Some(model) = self.square.model() {
            let failed = |EmbeddingFailed(reason)| SelectorUnavailable(reason);
            let text = [question.to_owned()];
            let embeddings = self.embedder.embed(&text, Waiting::Asker).await.map_err(failed)?;
            let embedding = embeddings.into_iter().next().filter(|embedding| embedding.len() == model.dims());
            let Some(embedding) = embedding else {
                self.behind().outdated = true;
                let reason = "its embeddings are of another length than those it learnt from";
                return Err(SelectorUnavailable(reason.to_owned()));
            };
            scores = model.rank(question, Some(embedding), candidates);
        }
        let (threshold, share_of_best) = (SquareSelector::THRESHOLD, SquareSelector::SHARE_OF_BEST);
        Ok(Ranking { scores, threshold, share_of_best })
    }

    async fn nearest_examples(&self, question: &str, skills: &[Candidate]) -> Vec<Vec<Example>> {
        self.square.nearest_examples(question, skills).await
    }
}
