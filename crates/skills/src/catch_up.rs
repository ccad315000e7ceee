use crate::TrainingState;
use crate::service::{Shared, Skills};
use square_kernel::{SkillId, Unavailable};

impl Skills {
    /// Takes over what another instance made of a skill: that it is there, changed, published, unpublished or gone, and how
    /// a training ended. Nothing happens where this instance knows already. The learners follow with [`Skills::settle`].
    pub async fn catch_up(&self, id: SkillId) -> Result<(), Unavailable> {
        self.shared.refresh(id).await?;
        if let Some(record) = self.shared.parts.store.training(id).await?
            && record.state != TrainingState::Running
        {
            self.shared.board.end(id, record.id, &record.state);
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
        let _changing = self.changing.lock().await;
        let listed = self.parts.directory.snapshot().by_id(id).cloned();
        let was_published = listed.as_ref().is_some_and(|listed| listed.skill.published);
        let is_published = match self.parts.store.find(id).await? {
            Some(stored) if listed.as_ref().is_some_and(|listed| listed.skill == stored) => return Ok(()),
            Some(stored) => {
                let published = stored.published;
                self.parts.directory.put(stored);
                published
            }
            None if listed.is_none() => return Ok(()),
            None => {
                self.parts.directory.remove(id);
                self.board.drop_skill(id, "the skill was deleted");
                false
            }
        };
        if was_published || is_published {
            self.led_astray(id);
        }
        Ok(())
    }
}
