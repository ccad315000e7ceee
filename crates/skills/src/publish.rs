use crate::ports::LearningFailed;
use crate::service::{Shared, Skills};
use crate::training::{Accuracy, Failures, TrainingId, TrainingRecord, TrainingSet, TrainingState};
use square_kernel::{SkillId, Unavailable};
use std::sync::{Arc, PoisonError};

/// The share of a training's progress that learning makes up; the rest is measuring.
const LEARNING_SHARE: f32 = 0.8;

impl Skills {
    /// Returns when there may be something for [`Skills::train_next`] or [`Skills::settle`] to do.
    pub async fn work_waits(&self) {
        self.shared.work.notified().await;
    }

    /// Has the learners know what the skills are published with, after changes here or elsewhere.
    pub async fn settle(&self) -> Result<(), Unavailable> {
        let _learning = self.shared.learning.lock().await;
        self.shared.set_right().await
    }

    /// Does what [`Skills::settle`] does, then works off the oldest training that waits and says which. `None` when none
    /// waited; then it is kept what the learners know. Of several instances on one store one is to call this; the others settle.
    ///
    /// What waits is what the store says is running, so nothing is lost with the process or the instance, and a failure
    /// here leaves the training to the next step.
    pub async fn train_next(&self) -> Result<Option<TrainingId>, Unavailable> {
        let shared = &self.shared;
        let _learning = shared.learning.lock().await;
        shared.set_right().await?;
        let waiting = shared.parts.store.running_trainings().await?;
        let Some(record) = waiting.into_iter().next() else {
            shared.keep_models().await?;
            return Ok(None);
        };
        let id = record.id;
        shared.work_off(record).await?;
        shared.set_right().await?;
        Ok(Some(id))
    }
}

impl Shared {
    async fn work_off(self: &Arc<Self>, record: TrainingRecord) -> Result<(), Unavailable> {
        self.board.take_up(record.skill, record.id);
        // Until the end, so that nobody brings a learner outside in step with what the skill was published with before.
        let turns: Vec<_> = self.outside.iter().map(|outside| outside.turn.try_lock().ok()).collect();
        let has_turn = turns.iter().map(Option::is_some).collect();
        let state = match self.parts.store.examples(record.id).await? {
            Some(examples) => self.outcome(&record, examples, has_turn).await,
            None => TrainingState::Failed { reason: "its examples are gone".into() },
        };
        self.carry_through(|shared| async move { shared.finish(&record, &state).await }).await
    }

    /// Learns and measures on a task of its own, so that a learner that panics fails this training and not
    /// the worker.
    async fn outcome(
        self: &Arc<Self>,
        record: &TrainingRecord,
        examples: TrainingSet,
        has_turn: Vec<bool>,
    ) -> TrainingState {
        let (shared, skill, id) = (Arc::clone(self), record.skill, record.id);
        let learnt = tokio::spawn(async move { shared.learn(skill, id, &examples, &has_turn).await }).await;
        match learnt {
            Ok(Ok((accuracy, failures))) => TrainingState::Published { accuracy, failures },
            Ok(Err(LearningFailed(reason))) => TrainingState::Failed { reason },
            Err(error) => {
                tracing::error!(%skill, %error, "learning broke off");
                TrainingState::Failed { reason: "learning broke off".into() }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "selectors are few")]
    async fn learn(
        &self,
        skill: SkillId,
        id: TrainingId,
        examples: &TrainingSet,
        has_turn: &[bool],
    ) -> Result<(Accuracy, Failures), LearningFailed> {
        self.learnt();
        let count = (self.inside.len() + self.outside.len()) as f32;
        let progress = |index: usize, done: f32| {
            let done = (index as f32 + done.clamp(0.0, 1.0)) / count;
            self.board.advance(skill, id, LEARNING_SHARE * done);
        };
        for (index, learner) in self.inside.iter().enumerate() {
            learner.learn(skill, &examples.train, &|done| progress(index, done)).await?;
            progress(index, 1.0);
        }
        let mut failures = Failures::new();
        for (index, (outside, has_turn)) in self.outside.iter().zip(has_turn).enumerate() {
            let index = self.inside.len() + index;
            let learnt =
                outside.learn(*has_turn, skill, &examples.train, &|done| progress(index, done)).await;
            if let Err(LearningFailed(reason)) = learnt {
                failures.insert(outside.learner.name().to_owned(), reason);
            }
            progress(index, 1.0);
        }
        let accuracy = self.measure(skill, id, &sample(&examples.dev), &mut failures).await?;
        Ok((accuracy, failures))
    }

    /// How often each learner that has learnt the skill ranks it first.
    #[expect(clippy::cast_precision_loss, reason = "selectors are few")]
    async fn measure(
        &self,
        skill: SkillId,
        id: TrainingId,
        questions: &[String],
        failures: &mut Failures,
    ) -> Result<Accuracy, LearningFailed> {
        let inside = self.inside.iter().map(|learner| (learner, None));
        let outside = self.outside.iter().map(|outside| (&outside.learner, Some(outside)));
        let count = (self.inside.len() + self.outside.len()) as f32;
        let mut accuracy = Accuracy::new();
        for (index, (learner, outside)) in inside.chain(outside).enumerate() {
            let name = learner.name();
            let has_learnt = !failures.contains_key(name);
            if has_learnt {
                let measuring = learner.measure(skill, questions);
                let measured = match outside {
                    Some(outside) => outside.in_time(measuring).await,
                    None => measuring.await,
                };
                match measured {
                    Ok(measured) => _ = accuracy.insert(name.to_owned(), measured),
                    Err(LearningFailed(reason)) if outside.is_some() => {
                        failures.insert(name.to_owned(), reason);
                    }
                    Err(failed) => return Err(failed),
                }
            }
            let measured = (index + 1) as f32 / count;
            self.board.advance(skill, id, LEARNING_SHARE + (1.0 - LEARNING_SHARE) * measured);
        }
        Ok(accuracy)
    }

    async fn finish(&self, record: &TrainingRecord, state: &TrainingState) -> Result<(), Unavailable> {
        let (skill, id) = (record.skill, record.id);
        let _changing = self.turn().await?;
        let stored = self.parts.store.finish_training(id, state, self.moment_of_change(skill)).await;
        let published = matches!((&stored, state), (Ok(Some(_)), TrainingState::Published { .. }));
        if !published {
            // The learners may have learnt what the skill is not published with.
            self.led_astray(skill);
        }
        if let Some(stored) = stored? {
            self.parts.directory.put(stored);
            self.board.end(skill, id, state);
        }
        Ok(())
    }

    /// Has every learner of this process know of each skill gone astray what the store says it is published with, and
    /// nothing where it is not. A learner that fails at it is logged; the next start puts it right. Those outside are only
    /// told which skills these are.
    async fn set_right(&self) -> Result<(), Unavailable> {
        let astray = std::mem::take(&mut *self.astray.lock().unwrap_or_else(PoisonError::into_inner));
        if astray.is_empty() {
            return Ok(());
        }
        for outside in &self.outside {
            outside.led_astray(&astray);
        }
        self.outside_work.notify_one();
        let mut astray = astray.into_iter();
        while let Some(skill) = astray.next() {
            match self.parts.store.examples_of_published(skill).await {
                Ok(examples) => self.teach(skill, examples.as_ref().map(|set| &set.train[..])).await,
                Err(error) => {
                    let left = std::iter::once(skill).chain(astray);
                    self.astray.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Has every learner of this process know these examples of a skill, or nothing.
    async fn teach(&self, skill: SkillId, examples: Option<&[String]>) {
        self.learnt();
        for learner in &self.inside {
            let settled = match examples {
                Some(examples) => learner.learn(skill, examples, &|_| {}).await,
                None => learner.forget(skill).await,
            };
            if let Err(error) = settled {
                tracing::error!(selector = learner.name(), %skill, %error, "a selector is out of line");
            }
        }
    }
}

/// Enough questions to tell a percentage point by; a file of a million would hold up all other trainings.
const MEASURED: usize = 2000;

/// At most [`MEASURED`] questions, from all over the file.
fn sample(questions: &[String]) -> Vec<String> {
    let step = questions.len().div_ceil(MEASURED).max(1);
    questions.iter().step_by(step).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_questions_are_all_measured_and_many_are_sampled_throughout() {
        let numbered = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(sample(&numbered(MEASURED)), numbered(MEASURED));
        let sampled = sample(&numbered(100_000));
        assert_eq!(sampled.len(), MEASURED);
        assert_eq!(sampled.last().unwrap(), "99950");
        assert!(sample(&[]).is_empty());
    }
}
