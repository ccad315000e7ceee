use super::{Feedback, Verdict};
use crate::{AnsweredQuestion, QuestionId};
use square_kernel::Unavailable;

impl Feedback {
    /// What was said of the answers to each of these questions, for whom they were read.
    pub async fn on(&self, questions: &[AnsweredQuestion]) -> Result<Vec<Vec<Verdict>>, Unavailable> {
        let ids: Vec<QuestionId> = questions.iter().map(|question| question.question.id).collect();
        let verdicts = if ids.is_empty() { Vec::new() } else { self.store.verdicts(&ids).await? };
        let on = |id| verdicts.iter().filter(|verdict| verdict.question == id).cloned().collect();
        Ok(ids.into_iter().map(on).collect())
    }
}
