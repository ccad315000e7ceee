//! Learning from example questions: hashed features, one linear classifier a skill, calibrated probabilities.
//!
//! A question's way: [`features`] → [`vocabulary`] (vector) → [`postings`] (margins) → [`calibrate`]
//! (probabilities), put together in [`model`]. Learning's way: [`train`] (classifiers), [`holdout`]
//! (calibration), put together in [`knowledge`].

mod calibrate;
mod examples;
mod features;
mod holdout;
mod knowledge;
mod model;
mod postings;
mod train;
mod vocabulary;

#[cfg(test)]
mod tests;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use examples::Examples;
use knowledge::Knowledge;
use model::Model;
use square_kernel::SkillId;
use square_routing::{Candidate, Ranking, Selector, SelectorUnavailable};
use square_skills::ports::{Learner, LearningFailed};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// Learns from example questions which skill fits a question, inside this process.
///
/// Ranking is synchronous work of some ten microseconds and is never held up by learning: what was learnt is
/// swapped in whole. Learning runs on a blocking thread, one skill at a time, and lives in memory; after a
/// start it is learnt anew.
#[derive(Default)]
pub struct SquareSelector {
    model: Arc<ArcSwapOption<Model>>,
    learning: Arc<Mutex<State>>,
}

/// What is known, for whoever changes it.
#[derive(Default)]
struct State {
    examples: BTreeMap<SkillId, Examples>,
    /// `None` before the first skill, and after a change that broke off; then it is made anew from `examples`.
    knowledge: Option<Knowledge>,
}

impl State {
    fn learn_all(&mut self, skills: &[(SkillId, Arc<[String]>)]) {
        self.examples.clear();
        for (skill, questions) in skills {
            if let Some(examples) = Examples::new(*skill, questions) {
                self.examples.insert(*skill, examples);
            } else {
                tracing::warn!(%skill, "no example question has a word in it; the skill is left out");
            }
        }
        self.start_anew(&|_| ());
    }

    fn learn(&mut self, examples: Examples, progress: &dyn Fn(f32)) {
        let skill = examples.skill();
        let knowledge = self.knowledge.take().filter(|known| !known.starts_anew_for(examples.len()));
        self.examples.insert(skill, examples);
        let Some(mut knowledge) = knowledge else { return self.start_anew(progress) };
        knowledge.learn(&self.examples[&skill], progress);
        self.knowledge = Some(knowledge);
    }

    fn forget(&mut self, skill: SkillId) {
        self.examples.remove(&skill);
        let knowledge = self.knowledge.take().filter(|known| !known.starts_anew_for(0));
        let Some(mut knowledge) = knowledge else { return self.start_anew(&|_| ()) };
        knowledge.forget(skill);
        self.knowledge = Some(knowledge);
    }

    fn start_anew(&mut self, progress: &dyn Fn(f32)) {
        self.knowledge = None;
        if !self.examples.is_empty() {
            self.knowledge = Some(Knowledge::new(&self.examples, progress));
        }
    }
}

impl SquareSelector {
    /// The name under which clients ask for it.
    pub const NAME: &'static str = "Square";
    /// Below this probability a skill does not fit.
    pub const THRESHOLD: f32 = 0.3;
    /// A skill is asked beside the best one when it is at least half as probable.
    pub const SHARE_OF_BEST: f32 = 0.5;

    /// Knows no skill yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `change` on a blocking thread once no other change is under way, then swaps its outcome in. It
    /// runs to its end also when the caller goes away meanwhile.
    async fn change(
        &self,
        progress: &(dyn Fn(f32) + Send + Sync),
        change: impl FnOnce(&mut State, &dyn Fn(f32)) -> Result<(), LearningFailed> + Send + 'static,
    ) -> Result<(), LearningFailed> {
        let mut state = Arc::clone(&self.learning).lock_owned().await;
        let model = Arc::clone(&self.model);
        let (tell, mut told) = mpsc::unbounded_channel();
        let changing = tokio::task::spawn_blocking(move || {
            // Nobody may be listening any more.
            change(&mut state, &|done| tell.send(done).unwrap_or_default())?;
            model.store(state.knowledge.as_ref().map(|knowledge| Arc::new(knowledge.model())));
            Ok(())
        });
        while let Some(done) = told.recv().await {
            progress(done);
        }
        changing.await.unwrap_or_else(|broken| {
            tracing::error!(%broken, "learning broke off");
            Err(LearningFailed("learning broke off".to_owned()))
        })
    }
}

#[async_trait]
impl Selector for SquareSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn description(&self) -> &'static str {
        "Asks the skills whose example questions are most like the question. Learns inside this server."
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        let model = self.model.load();
        let scores = model.as_ref().map_or_else(Vec::new, |model| model.rank(question, candidates));
        Ok(Ranking { scores, threshold: Self::THRESHOLD, share_of_best: Self::SHARE_OF_BEST })
    }
}

#[async_trait]
impl Learner for SquareSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        let skills = skills.to_vec();
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            state.learn_all(&skills);
            Ok(())
        };
        self.change(&|_| (), change).await
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let questions = examples.to_vec();
        let change = move |state: &mut State, progress: &dyn Fn(f32)| {
            let nothing = || LearningFailed("none of the example questions has a word in it".to_owned());
            let examples = Examples::new(skill, &questions).ok_or_else(nothing)?;
            state.learn(examples, progress);
            Ok(())
        };
        self.change(progress, change).await?;
        progress(1.0);
        Ok(())
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            if state.examples.contains_key(&skill) {
                state.forget(skill);
            }
            Ok(())
        };
        self.change(&|_| (), change).await
    }

    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        let Some(model) = self.model.load_full() else { return Ok(0.0) };
        let questions = questions.to_vec();
        let measuring = tokio::task::spawn_blocking(move || {
            let all = model.skills();
            let first =
                |question: &&String| model.rank(question, &all).first().map(|best| all[best.candidate]);
            let right = questions.iter().filter(|question| first(question) == Some(skill)).count();
            right as f64 / questions.len().max(1) as f64
        });
        measuring.await.map_err(|broken| {
            tracing::error!(%broken, "measuring broke off");
            LearningFailed("measuring broke off".to_owned())
        })
    }
}
