//! Learning from example questions: hashed features, one linear classifier a skill, calibrated probabilities.
//!
//! A question's way: [`words`] → [`features`] → [`vocabulary`] (vector) → [`postings`] (margins) → [`calibrate`]
//! (probabilities), put together in [`model`]. Learning's way: [`condense`] (fewer numbers), [`train`] (classifiers), [`holdout`]
//! (calibration), put together in [`knowledge`]; [`near`] where there are too many skills
//! for all of it. [`state`] is what changes, and [`kept`] how it is kept.

mod alike;
mod calibrate;
mod condense;
mod examples;
mod features;
mod holdout;
mod kept;
mod knowledge;
mod model;
mod near;
mod nearest;
mod postings;
mod reading;
mod state;
mod sums;
mod train;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

use crate::evaluation::{Sample, evaluate};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
pub(crate) use examples::Examples;
pub(crate) use model::Model;
pub(crate) use nearest::NearestExamples;
pub(crate) use reading::{Nobodys, Rounded};
use square_kernel::SkillId;
use square_routing::{Candidate, Example, Ranking, Selector, SelectorUnavailable};
use square_skills::ports::{Learner, LearningFailed};
use square_skills::{ExamplesVersion, KeptModel, Measured};
pub(crate) use state::{Lesson, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

/// Learns from example questions which skill fits a question, inside this process.
///
/// Ranking is synchronous work of some ten microseconds and is never held up by learning: what was learnt is
/// swapped in whole. Learning runs on a blocking thread, one skill at a time. What was learnt can be kept and
/// taken up again, so that a start need not learn it anew.
#[derive(Default)]
pub struct SquareSelector {
    model: Arc<ArcSwapOption<Model>>,
    learning: Arc<Mutex<State>>,
    pub(crate) nearest: Arc<NearestExamples>,
    /// How long learning took last, in microseconds.
    took: Arc<AtomicU64>,
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

    /// Knows no skill yet, but questions that no skill fits, whatever is learnt.
    pub fn with_strangers(strangers: &[String]) -> Self {
        let learning = Arc::new(Mutex::new(State::with_strangers(strangers)));
        Self { learning, ..Self::default() }
    }

    /// Starts anew with exactly these skills; `progress` is told numbers from 0 to 1.
    pub async fn train(
        &self,
        skills: &[(SkillId, Arc<[String]>)],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let (skills, nearest) = (skills.to_vec(), Arc::clone(&self.nearest));
        let change = move |state: &mut State, progress: &dyn Fn(f32)| {
            state.learn_all(Lesson::new(&skills), progress);
            nearest.replace_all(&skills);
            Ok(())
        };
        self.change(progress, change).await
    }

    /// Fits the probabilities to questions that were not learnt from; which skill comes first stays the same. What is
    /// learnt later goes by what was fitted, until learning starts anew.
    pub async fn tune(&self, samples: &[Sample]) -> Result<(), LearningFailed> {
        let questions: Vec<_> =
            samples.iter().map(|sample| (sample.question.clone(), sample.skill, None)).collect();
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            state.tune(&questions);
            Ok(())
        };
        self.change(&|_| (), change).await
    }

    /// What questions are ranked by.
    pub(crate) fn model(&self) -> Option<Arc<Model>> {
        self.model.load_full()
    }

    /// Reads what is known on a blocking thread, once no change is under way.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, LearningFailed> {
        let state = Arc::clone(&self.learning).lock_owned().await;
        let looking = tokio::task::spawn_blocking(move || look(&state));
        looking.await.map_err(|broken| broke_off(&broken))
    }

    /// The memory that ranking takes.
    pub fn model_bytes(&self) -> usize {
        self.model.load().as_ref().map_or(0, |model| model.bytes())
    }

    /// Runs `change` on a blocking thread once no other change is under way, then swaps its outcome in. It
    /// runs to its end also when the caller goes away meanwhile.
    pub(crate) async fn change(
        &self,
        progress: &(dyn Fn(f32) + Send + Sync),
        change: impl FnOnce(&mut State, &dyn Fn(f32)) -> Result<(), LearningFailed> + Send + 'static,
    ) -> Result<(), LearningFailed> {
        let mut state = Arc::clone(&self.learning).lock_owned().await;
        let (model, took) = (Arc::clone(&self.model), Arc::clone(&self.took));
        let (tell, mut told) = mpsc::unbounded_channel();
        let changing = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            // Nobody may be listening any more.
            change(&mut state, &|done| tell.send(done).unwrap_or_default())?;
            model.store(state.model());
            took.store(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            Ok(())
        });
        while let Some(done) = told.recv().await {
            progress(done);
        }
        changing.await.unwrap_or_else(|broken| Err(broke_off(&broken)))
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
        let scores = model.as_ref().map_or_else(Vec::new, |model| model.rank(question, None, candidates));
        Ok(Ranking { scores, threshold: Self::THRESHOLD, share_of_best: Self::SHARE_OF_BEST })
    }

    async fn nearest_examples(&self, question: &str, skills: &[Candidate]) -> Vec<Vec<Example>> {
        self.nearest.of(question, skills)
    }
}

#[async_trait]
impl Learner for SquareSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        self.train(skills, &|_| ()).await
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let (questions, nearest) = (examples.to_vec(), Arc::clone(&self.nearest));
        let change = move |state: &mut State, progress: &dyn Fn(f32)| {
            let nothing = || LearningFailed("none of the example questions has a word in it".to_owned());
            let examples = Examples::new(skill, &questions).ok_or_else(nothing)?;
            state.learn(examples, ExamplesVersion::of_skill(&questions), progress);
            nearest.put(skill, &questions);
            Ok(())
        };
        self.change(progress, change).await?;
        progress(1.0);
        Ok(())
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        let nearest = Arc::clone(&self.nearest);
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            nearest.remove(skill);
            state.forget(skill);
            Ok(())
        };
        self.change(&|_| (), change).await
    }

    async fn keep(&self) -> Result<Option<KeptModel>, LearningFailed> {
        self.look(State::keep).await
    }

    async fn take_up(&self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let (skills, kept, nearest) = (skills.to_vec(), kept.clone(), Arc::clone(&self.nearest));
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            if !state.take_up(Lesson::new(&skills), kept.version, &kept.bytes) {
                return Err(LearningFailed("what was kept is of no use".to_owned()));
            }
            nearest.replace_all(&skills);
            Ok(())
        };
        self.change(&|_| (), change).await.is_ok()
    }

    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        Some(Arc::new(Self::new()))
    }

    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        self.measure(skill, questions).await.map(|measured| measured.top1)
    }

    async fn measure(&self, skill: SkillId, questions: &[String]) -> Result<Measured, LearningFailed> {
        self.measure_by(skill, questions, |frozen| frozen).await
    }
}

impl SquareSelector {
    /// Measures the selector that `by` makes of one like this, which learns nothing any more.
    pub(crate) async fn measure_by<S: Selector>(
        &self,
        skill: SkillId,
        questions: &[String],
        by: impl FnOnce(Self) -> S + Send + 'static,
    ) -> Result<Measured, LearningFailed> {
        let Some(model) = self.model() else { return Ok(Measured::default()) };
        let sample = |question: &String| Sample { question: question.clone(), skill: Some(skill) };
        let samples: Vec<_> = questions.iter().map(sample).collect();
        let took = self.took.load(Ordering::Relaxed);
        let handle = tokio::runtime::Handle::current();
        let measuring = tokio::task::spawn_blocking(move || {
            let (known, examples) = (model.skills(), model.examples());
            let model_bytes = model.bytes();
            // What is learnt meanwhile does not change what is measured.
            let frozen = by(Self { model: Arc::new(ArcSwapOption::new(Some(model))), ..Self::default() });
            let evaluation = handle.block_on(evaluate(&frozen, &known, &samples, &|_| ()));
            let unmeasured = |error: SelectorUnavailable| LearningFailed(error.0);
            let report = evaluation.map_err(unmeasured)?.report();
            let micros = |time: Duration| Some(time.as_secs_f64() * 1e6);
            Ok(Measured {
                top1: report.top1.unwrap_or(0.0),
                top3: report.top3,
                in_scope_at_threshold: report.in_scope_at_threshold,
                ece: report.ece,
                train_ms: Some(took as f64 / 1e3),
                p50_us: micros(report.p50),
                p99_us: micros(report.p99),
                model_bytes: u64::try_from(model_bytes).ok(),
                skills: u64::try_from(known.len()).ok(),
                examples: u64::try_from(examples).ok(),
            })
        });
        measuring.await.map_err(|broken| broke_off(&broken))?
    }
}

fn broke_off(broken: &tokio::task::JoinError) -> LearningFailed {
    tracing::error!(%broken, "learning broke off");
    LearningFailed("learning broke off".to_owned())
}
