//! What errors of administrators' calls look like.

use super::Fault;
use square_accounts::AdminError;

impl From<&AdminError> for Fault {
    fn from(error: &AdminError) -> Self {
        match error {
            AdminError::SignInRequired => Self::sign_in_required(),
            AdminError::NotAllowed(_) => Self::new(403, "not_allowed", error.to_string()),
            AdminError::NotFound => Self::not_found("account"),
            AdminError::Oneself => Self::new(409, "own_account", error.to_string()),
            AdminError::LastAdministrator => Self::new(409, "last_administrator", error.to_string()),
            AdminError::Overtaken(error) => Self::from(error),
            AdminError::Invalid(invalid) => Self::from(invalid),
            AdminError::Unavailable(error) => Self::from(error),
        }
    }
}
