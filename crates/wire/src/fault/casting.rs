//! What errors of the calls on films, actors and roles look like.

use super::Fault;
use square_casting::CastingError;

impl From<&CastingError> for Fault {
    fn from(error: &CastingError) -> Self {
        match error {
            CastingError::SignInRequired => Self::sign_in_required(),
            CastingError::NotAllowed(_) => Self::new(403, "not_allowed", error.to_string()),
            CastingError::NotFound(what) => Self::not_found(what),
            CastingError::Overtaken(error) => Self::from(error),
            CastingError::Invalid(invalid) => Self::from(invalid),
            CastingError::Unavailable(error) => Self::from(error),
        }
    }
}
