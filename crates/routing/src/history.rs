use crate::{AnsweredQuestion, QuestionId, Router};
use square_kernel::{Asker, Page, Slice, Unavailable};

/// Why a history cannot be given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    /// Only who is signed in has one.
    #[error("sign in to see your questions")]
    SignInRequired,
    /// The log cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Router {
    /// The asker's questions with their logs, newest first.
    pub async fn history(
        &self,
        asker: &Asker,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, HistoryError> {
        let user = asker.user().ok_or(HistoryError::SignInRequired)?;
        Ok(self.parts.log.of_asker(user, page).await?)
    }
}
