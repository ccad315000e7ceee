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
use crate::square::{Lesson, NearestExamples, Nobodys, State};
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
    /// The questions that are nobody's.
    nobodys: Arc<[String]>,
    /// Looked at and changed on blocking threads alone, one at a time.
    memory: Arc<Mutex<Memory>>,
    /// Apart from what ranks.
    nearest: Arc<NearestExamples>,
    standing: Mutex<Standing>,
}

/// What it knows, and what it should know and does not.
#[derive(Default)]
struct Standing {
    /// Nothing was learnt yet.
    nothing: bool,
    /// It was learnt from embeddings of another kind than those that questions get now.
    outdated: bool,
    /// What was learnt, also where there was nothing to learn from.
    known: BTreeSet<SkillId>,
    /// What could not be learnt.
    behind: BTreeSet<SkillId>,
}

impl Standing {
    fn is_in_step(&self) -> bool {
        !self.nothing && !self.outdated && self.behind.is_empty()
    }
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
        let nobodys = Nobodys::new(strangers).texts().into();
        Self::of(SquareSelector::with_strangers(strangers), embedder, nobodys)
    }

    /// Knows no skill yet, and shows the example questions that `square` knows: both are taught the same.
    pub fn beside(square: &SquareSelector, embedder: Arc<dyn Embedder>) -> Self {
        Self { nearest: Arc::clone(&square.nearest), ..Self::new(embedder) }
    }

    fn of(square: SquareSelector, embedder: Arc<dyn Embedder>, nobodys: Arc<[String]>) -> Self {
        let standing = Mutex::new(Standing { nothing: true, ..Standing::default() });
        Self { square, embedder, nobodys, memory: Arc::default(), nearest: Arc::default(), standing }
    }

    /// Starts anew with exactly these skills; `progress` is told numbers from 0 to 1.
    pub async fn train(
        &self,
        skills: &[(SkillId, Arc<[String]>)],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let known = skills.iter().map(|(skill, _)| *skill).collect();
        let skills = skills.to_vec();
        let lesson = self.look(move |_, _| Lesson::new(&skills)).await?;
        self.start_anew(lesson, progress).await?;
        *self.standing() = Standing { known, ..Standing::default() };
        self.prune().await
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
        let standing = self.standing();
        let says = |what: &str| Some(SelectorUnavailable(what.to_owned()));
        if standing.nothing {
            says("it has not learnt the skills yet")
        } else if standing.outdated {
            says("its embeddings are of another kind than those it learnt from")
        } else if !standing.behind.is_empty()
            && candidates.iter().any(|candidate| standing.behind.contains(candidate))
        {
            Some(incomplete())
        } else {
            None
        }
    }

    /// Notes whether a skill is known now as it should be.
    fn note(&self, skill: SkillId, known: bool) {
        let mut standing = self.standing();
        if known {
            standing.behind.remove(&skill);
            standing.known.insert(skill);
        } else {
            standing.behind.insert(skill);
        }
    }

    /// Looks at what is known and remembered, on a blocking thread.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, &mut Memory) -> T + Send + 'static,
    ) -> Result<T, LearningFailed> {
        let memory = Arc::clone(&self.memory);
        self.square.look(move |state| look(state, &mut lock(&memory))).await
    }

    /// Changes what is known, on a blocking thread as well.
    async fn change(
        &self,
        progress: &(dyn Fn(f32) + Send + Sync),
        change: impl FnOnce(&mut State, &mut Memory, &dyn Fn(f32)) -> Result<(), LearningFailed> + Send + 'static,
    ) -> Result<(), LearningFailed> {
        let memory = Arc::clone(&self.memory);
        self.square.change(progress, move |state, progress| change(state, &mut lock(&memory), progress)).await
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        lock(&self.standing)
    }
}

fn incomplete() -> SelectorUnavailable {
    SelectorUnavailable("it has not learnt every skill yet".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
                // Unless it has been learnt anew meanwhile.
                if self.square.model().is_some_and(|now| Arc::ptr_eq(&now, &model)) {
                    self.standing().outdated = true;
                }
                let reason = "its embeddings are of another length than those it learnt from";
                return Err(SelectorUnavailable(reason.to_owned()));
            };
            scores = model.rank(question, Some(embedding), candidates);
        }
        if scores.len() < candidates.len() {
            let standing = self.standing();
            if !candidates.iter().all(|candidate| standing.known.contains(candidate)) {
                return Err(incomplete());
            }
        }
        let (threshold, share_of_best) = (SquareSelector::THRESHOLD, SquareSelector::SHARE_OF_BEST);
        Ok(Ranking { scores, threshold, share_of_best })
    }

    async fn nearest_examples(&self, question: &str, skills: &[Candidate]) -> Vec<Vec<Example>> {
        self.nearest.of(question, skills)
    }
}
