use crate::Listed;
use crate::service::{OwnerError, Skills};
use square_kernel::{Asker, SkillId};
use std::sync::Arc;

impl Skills {
    /// Removes a skill with all that was learnt of it, and returns it as it was.
    pub async fn remove(&self, asker: &Asker, id: SkillId) -> Result<Arc<Listed>, OwnerError> {
        let listed = self.shared.owned(asker, id).await?;
        self.shared
            .carry_through(move |shared| async move {
                let _changing = shared.turn().await?;
                let newest = shared.parts.directory.snapshot().by_id(id).cloned();
                let was_there = shared.parts.store.delete(id).await?;
                shared.parts.directory.remove(id);
                shared.board.drop_skill(id, "the skill was deleted");
                shared.led_astray(id);
                if was_there { Ok(newest.unwrap_or(listed)) } else { Err(OwnerError::NotFound) }
            })
            .await
    }
}
