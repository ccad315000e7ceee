use super::{Feedback, FeedbackError};
use crate::QuestionId;
use square_kernel::{Asker, SkillId};

impl Feedback {
    /// Forgets what the asker of a question said of a skill's answer. What it proposed is proposed no more, unless the skill's owner has
    /// decided by now.
    pub async fn take_back(
        &self,
        asker: &Asker,
        id: QuestionId,
        skill: SkillId,
    ) -> Result<(), FeedbackError> {
        self.router.find(asker, id).await?;
        let forgotten = self.store.take_back(id, skill).await?;
        forgotten.then_some(()).ok_or(FeedbackError::NoVerdict)
    }
}
