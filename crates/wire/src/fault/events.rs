//! What can go wrong with events of the events service.

use super::Fault;
use square_events::{ChangeError, CreateError};

impl From<&CreateError> for Fault {
    fn from(error: &CreateError) -> Self {
        match error {
            CreateError::SignInRequired => Self::sign_in_required(),
            CreateError::TooMany(_) => Self::new(403, "too_many_events", error.to_string()),
            CreateError::Overtaken(error) => Self::from(error),
            CreateError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&ChangeError> for Fault {
    fn from(error: &ChangeError) -> Self {
        match error {
            ChangeError::SignInRequired => Self::sign_in_required(),
            ChangeError::NotFound => Self::not_found("event"),
            ChangeError::NotOwner => Self::new(403, "not_owner", error.to_string()),
            ChangeError::Overtaken(error) => Self::from(error),
            ChangeError::Unavailable(error) => Self::from(error),
        }
    }
}
