use crate::QuestionId;
use jiff::Timestamp;
use square_kernel::{FieldError, SkillId};
use std::sync::Arc;

/// Whether an answer was of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rating {
    /// It was.
    Helpful,
    /// It was not.
    NotHelpful,
}

impl Rating {
    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Helpful => "helpful",
            Self::NotHelpful => "not_helpful",
        }
    }

    /// Parses what a client sent as `rating`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "helpful" => Ok(Self::Helpful),
            "not_helpful" => Ok(Self::NotHelpful),
            _ => Err(FieldError::new("rating", "must be helpful or not_helpful")),
        }
    }
}

/// What an asker has to say of an answer: 1 to 1000 characters, no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment(Arc<str>);

impl Comment {
    /// The longest, in characters.
    pub const MAX_CHARS: usize = 1000;

    /// Parses what a client sent as `comment`; `None` where nothing but blanks is left of it.
    pub fn parse(text: &str) -> Result<Option<Self>, FieldError> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            let message = format!("must have at most {} characters", Self::MAX_CHARS);
            return Err(FieldError::new("comment", message));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(FieldError::new("comment", "must not contain control characters"));
        }
        Ok((!text.is_empty()).then(|| Self(text.into())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an asker says of one skill's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The question.
    pub question: QuestionId,
    /// Whose answer it is.
    pub skill: SkillId,
    /// Whether it was of help.
    pub rating: Rating,
    /// What else there is to say.
    pub comment: Option<Comment>,
    /// When it was given last.
    pub given_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_bounded_and_may_be_left_out() {
        let parsed = |text: &str| Comment::parse(text).map_err(|error| error.to_string());
        assert_eq!(parsed(" It\nhelped. ").unwrap().unwrap().as_str(), "It\nhelped.");
        assert_eq!(parsed(" \n "), Ok(None));
        assert!(parsed(&"é".repeat(1000)).is_ok());
        assert_eq!(parsed(&"é".repeat(1001)), Err("comment must have at most 1000 characters".to_owned()));
        assert_eq!(parsed("a\0b"), Err("comment must not contain control characters".to_owned()));
    }

    #[test]
    fn ratings_have_names() {
        for rating in [Rating::Helpful, Rating::NotHelpful] {
            assert_eq!(Rating::parse(rating.as_str()), Ok(rating));
        }
        assert_eq!(Rating::parse("5").unwrap_err().to_string(), "rating must be helpful or not_helpful");
    }
}
