use crate::service::{Shared, Skills};
use crate::{RegisteredSkill, TrainingState};
use square_kernel::{SkillId, Unavailable};

impl Skills {
    /// Takes over what another instance made of a skill: that it is there, changed, published, unpublished or gone, and how
    /// a training ended or that another one took its place. Nothing happens where this instance knows already. The learners
    /// follow with [`Skills::settle`].
    pub async fn catch_up(&self, id: SkillId) -> Result<(), Unavailable> {
        let shared = &self.shared;
        // Until the training is read too: none that is begun here comes in between.
        let _changing = shared.turn().await?;
        shared.read_anew(id).await?;
        match shared.parts.store.training(id).await? {
            None => shared.board.drop_skill(id, "the skill was unpublished"),
            Some(record) => {
                shared.board.supersede(id, record.id);
                if record.state != TrainingState::Running {
                    shared.board.end(id, record.id, &record.state);
                }
            }
        }
        Ok(())
    }

    /// Has [`Skills::work_waits`] return: another instance has begun a training.
    pub fn training_waits(&self) {
        self.shared.work.notify_one();
    }
}

impl Shared {
    /// Lists a skill as it is stored now.
    pub(crate) async fn refresh(&self, id: SkillId) -> Result<(), Unavailable> {
        let _changing = self.turn().await?;
        self.read_anew(id).await
    }

    /// The same during a turn.
    async fn read_anew(&self, id: SkillId) -> Result<(), Unavailable> {
        match self.parts.store.find(id).await? {
            Some(stored) => self.take_over(&stored),
            None => self.take_off(id),
        }
        Ok(())
    }

    /// Lists a skill as it was just read from the store. Call it during a turn ([`Shared::turn`]).
    pub(crate) fn take_over(&self, stored: &RegisteredSkill) {
        let listed = self.parts.directory.snapshot().by_id(stored.id).cloned();
        if listed.as_ref().is_some_and(|listed| listed.skill == *stored) {
            return;
        }
        self.parts.directory.put(stored.clone());
        if stored.published || listed.is_some_and(|listed| listed.skill.published) {
            self.led_astray(stored.id);
        }
    }

    fn take_off(&self, id: SkillId) {
        let Some(listed) = self.parts.directory.snapshot().by_id(id).cloned() else { return };
        self.parts.directory.remove(id);
        self.board.drop_skill(id, "the skill was deleted");
        if listed.skill.published {
            self.led_astray(id);
        }
    }
}
