//! What can go wrong with verdicts and proposed examples.

use super::Fault;
use square_routing::FeedbackError;
use square_skills::{AcceptError, DismissError};

impl Fault {
    /// A proposed example was tried and not taken; why, in words.
    pub fn proposal_declined(reason: impl Into<String>) -> Self {
        Self::new(409, "proposal_declined", reason.into())
    }
}

impl From<&FeedbackError> for Fault {
    fn from(error: &FeedbackError) -> Self {
        match error {
            FeedbackError::NotFound => Self::not_found("question"),
            FeedbackError::NoVerdict => Self::not_found("verdict"),
            FeedbackError::Invalid(invalid) => Self::from(invalid),
            FeedbackError::TooMany(error) => Self::from(error),
            FeedbackError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&AcceptError> for Fault {
    fn from(error: &AcceptError) -> Self {
        match error {
            AcceptError::Owner(error) => Self::from(error),
            AcceptError::Unknown(_) => Self::new(404, "not_found", error.to_string()),
            AcceptError::NotPublished => Self::new(409, "not_published", error.to_string()),
        }
    }
}

impl From<&DismissError> for Fault {
    fn from(error: &DismissError) -> Self {
        match error {
            DismissError::Owner(error) => Self::from(error),
            DismissError::Unknown => Self::not_found("proposal"),
            DismissError::Taken => Self::new(409, "already_taken", error.to_string()),
        }
    }
}
