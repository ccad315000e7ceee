use crate::Listed;
use crate::service::{OwnerError, Skills};
use square_kernel::{Asker, SkillId};
use std::sync::Arc;

impl Skills {
    /// Takes a skill out of routing and deletes its examples; a training under way comes to nothing. From
    /// the moment this returns it is not asked; the learners forget it soon after.
    pub async fn unpublish(&self, asker: &Asker, id: SkillId) -> Result<Arc<Listed>, OwnerError> {
        self.shared.owned(asker, id).await?;
        self.shared
            .carry_through(move |shared| async move {
                let _changing = shared.turn().await?;
                let at = shared.moment_of_change(id);
                let skill = shared.parts.store.unpublish(id, at).await?.ok_or(OwnerError::NotFound)?;
                shared.board.drop_skill(id, "the skill was unpublished");
                shared.led_astray(id);
                shared.list(skill).ok_or(OwnerError::NotFound)
            })
            .await
    }
}
