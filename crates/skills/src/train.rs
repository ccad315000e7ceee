use crate::ports::Written;
use crate::service::{OwnerError, Shared, Skills, caller};
use crate::training::{TrainingId, TrainingProgress, TrainingRecord, TrainingSet, TrainingState};
use square_kernel::{Asker, Caller, Overtaken, SkillId};
use std::sync::Arc;
use tokio::sync::watch;

impl Skills {
    /// Whether `asker` may train the skill, for whoever wants to know before taking in the examples.
    pub async fn may_train(&self, asker: &Asker, id: SkillId) -> Result<(), OwnerError> {
        self.shared.owned(asker, id).await.map(drop)
    }

    /// Stores the examples and has the skill published with them; returns at once. A training of the skill
    /// that waits or is under way comes to nothing.
    pub async fn train(
        &self,
        asker: &Asker,
        id: SkillId,
        examples: TrainingSet,
    ) -> Result<TrainingRecord, OwnerError> {
        self.shared.owned(asker, id).await?;
        self.begin(id, examples, caller(asker)).await
    }

    /// The same for a part of this process, as the operator: nobody has signed in.
    pub async fn train_builtin(
        &self,
        id: SkillId,
        examples: TrainingSet,
    ) -> Result<TrainingRecord, OwnerError> {
        self.begin(id, examples, None).await
    }

    async fn begin(
        &self,
        id: SkillId,
        examples: TrainingSet,
        by: Option<Caller>,
    ) -> Result<TrainingRecord, OwnerError> {
        let begin = move |shared: Arc<Shared>| async move {
            let _changing = shared.turn().await?;
            shared.begin(id, examples, by).await
        };
        self.shared.carry_through(begin).await
    }

    /// The newest training of a skill and how far it is, 0 to 1. `None` when it was never trained or was
    /// unpublished since.
    pub async fn training(
        &self,
        asker: &Asker,
        id: SkillId,
    ) -> Result<Option<(TrainingRecord, f32)>, OwnerError> {
        self.shared.owned(asker, id).await?;
        let record = self.shared.parts.store.training(id).await?;
        Ok(record.map(|record| {
            let running = record.state == TrainingState::Running;
            let done = if running { self.shared.board.done(id, record.id) } else { 1.0 };
            (record, done)
        }))
    }

    /// The examples that a skill is published with or, where it is not, those of a training that waits or is under way.
    pub async fn examples(&self, asker: &Asker, id: SkillId) -> Result<Option<TrainingSet>, OwnerError> {
        self.shared.owned(asker, id).await?;
        let store = &self.shared.parts.store;
        if let Some(published) = store.examples_of_published(id).await? {
            return Ok(Some(published));
        }
        match store.training(id).await? {
            Some(newest) => Ok(store.examples(newest.id).await?),
            None => Ok(None),
        }
    }

    /// The progress of the newest training of a skill that this process knows of. Once its state is not
    /// `Running`, nothing more comes. Does not check who asks.
    pub fn watch_training(&self, id: SkillId) -> Option<watch::Receiver<TrainingProgress>> {
        self.shared.board.watch(id)
    }
}

impl Shared {
    /// Stores a training that is to be worked off. Call it during a turn ([`Shared::turn`]).
    pub(crate) async fn begin(
        &self,
        id: SkillId,
        examples: TrainingSet,
        by: Option<Caller>,
    ) -> Result<TrainingRecord, OwnerError> {
        let parts = &self.parts;
        let record = TrainingRecord {
            id: TrainingId::new(&*parts.clock, &*parts.randomness),
            skill: id,
            state: TrainingState::Running,
            train_examples: count(&examples.train),
            dev_examples: count(&examples.dev),
            started_at: parts.clock.now(),
            finished_at: None,
        };
        let begun = parts.store.begin_training(record.id, id, &examples, record.started_at, by);
        match begun.await? {
            Written::Done => {}
            Written::Overtaken => return Err(Overtaken.into()),
            Written::NameTaken | Written::TooMany | Written::Gone | Written::Changed => {
                return Err(OwnerError::NotFound);
            }
        }
        self.board.begin(id, record.id);
        self.work.notify_one();
        Ok(record)
    }
}

fn count(questions: &[String]) -> u32 {
    u32::try_from(questions.len()).unwrap_or(u32::MAX)
}
