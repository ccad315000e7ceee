use crate::{AnsweredQuestion, QuestionId, Router};
use jiff::Timestamp;
use square_kernel::{Asker, Page, SearchText, SkillId, Slice, Unavailable};

/// Why a history cannot be given, or deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    /// Only who is signed in has one.
    #[error("sign in to see your questions")]
    SignInRequired,
    /// The log cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Which of one's questions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryFilter {
    /// Those asked at this moment or later.
    pub from: Option<Timestamp>,
    /// Those asked before this moment.
    pub until: Option<Timestamp>,
    /// Those with this in their text.
    pub text: Option<SearchText>,
    /// Those that this skill answered, or failed to.
    pub skill: Option<SkillId>,
}

impl HistoryFilter {
    /// Whether a question is among those that are wanted.
    pub fn fits(&self, question: &AnsweredQuestion) -> bool {
        let record = &question.question;
        let is_by = |skill| question.outcomes().iter().any(|outcome| outcome.skill.skill == skill);
        self.from.is_none_or(|from| record.asked_at >= from)
            && self.until.is_none_or(|until| record.asked_at < until)
            && self.text.as_ref().is_none_or(|wanted| wanted.is_in(&record.text))
            && self.skill.is_none_or(is_by)
    }
}

impl Router {
    /// The asker's questions with their logs, newest first. A page may hold fewer than there are, or none, where it is looked for
    /// few among many: there is more for as long as it says where to go on.
    pub async fn history(
        &self,
        asker: &Asker,
        filter: &HistoryFilter,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, HistoryError> {
        let user = asker.user().ok_or(HistoryError::SignInRequired)?;
        Ok(self.parts.log.of_asker(user, filter, page).await?)
    }
}
