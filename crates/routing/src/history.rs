use crate::{AnsweredQuestion, QuestionId, Router};
use jiff::Timestamp;
use square_kernel::{Asker, FieldError, Page, SkillId, Slice, Unavailable};

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

/// What is looked for in questions: 1 to 200 characters; letters' case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// The longest, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Parses what a client sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(FieldError::new(field, "must not be empty")),
            1..=Self::MAX_CHARS => Ok(Self(text.to_lowercase())),
            _ => Err(FieldError::new(field, format!("must have at most {} characters", Self::MAX_CHARS))),
        }
    }

    /// Whether it stands anywhere in a question.
    pub fn is_in(&self, question: &str) -> bool {
        question.to_lowercase().contains(&self.0)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_by_letters_in_any_case() {
        let search = SearchText::parse("text", " HÉAT ").unwrap();
        assert!(search.is_in("Who played in héat?"));
        assert!(!search.is_in("Who played in heat?"));
        assert_eq!(SearchText::parse("text", " ").unwrap_err().to_string(), "text must not be empty");
        assert!(SearchText::parse("text", &"é".repeat(200)).is_ok());
        let long = SearchText::parse("text", &"é".repeat(201)).unwrap_err();
        assert_eq!(long.to_string(), "text must have at most 200 characters");
    }
}
