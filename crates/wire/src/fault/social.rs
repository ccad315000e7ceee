//! What errors of signing in by a provider look like.

use super::Fault;
use square_accounts::{SocialError, SocialLinkError, UnlinkError};
use square_kernel::{FieldError, Invalid};

impl Fault {
    /// No identifier of a way to sign in.
    pub fn no_login_method() -> Self {
        Self::new(404, "not_found", "This user doesn't have login method of this id")
    }

    fn identity_taken(message: String) -> Self {
        Self::new(409, "login_method_taken", message)
    }
}

impl From<&SocialError> for Fault {
    fn from(error: &SocialError) -> Self {
        match error {
            SocialError::NotSetUp => Self::new(404, "provider_not_set_up", error.to_string()),
            SocialError::BadState => Self::new(400, "invalid_state", error.to_string()),
            SocialError::StateMissing => {
                let message = "must be sent along: begin at /social/{provider}/authorize";
                Self::from(&Invalid::field("state", message))
            }
            SocialError::Rejected(_) => Self::new(401, "identity_rejected", error.to_string()),
            SocialError::AddressMissing => {
                let details = vec![FieldError::new("email", "is not told by the provider")];
                Self { details, ..Self::new(422, "address_missing", error.to_string()) }
            }
            SocialError::TakenElsewhere => Self::identity_taken(error.to_string()),
            SocialError::ReauthenticationRequired => Self::reauthentication_required(),
            SocialError::NotConfirmed(error) => Self::from(error),
            SocialError::Overtaken(error) => Self::from(error),
            SocialError::Refused => Self::new(401, "sign_in_refused", error.to_string()),
            SocialError::TooMany(error) => Self::from(error),
            SocialError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&SocialLinkError> for Fault {
    fn from(error: &SocialLinkError) -> Self {
        match error {
            SocialLinkError::Rejected => Self::new(400, "invalid_link", error.to_string()),
            SocialLinkError::TakenElsewhere => Self::identity_taken(error.to_string()),
            SocialLinkError::AddressTaken => Self::new(409, "already_exists", error.to_string()),
            SocialLinkError::TooMany(error) => Self::from(error),
            SocialLinkError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&UnlinkError> for Fault {
    fn from(error: &UnlinkError) -> Self {
        match error {
            UnlinkError::Unknown(_) => Self::new(404, "not_found", error.to_string()),
            UnlinkError::ReauthenticationRequired => Self::reauthentication_required(),
            UnlinkError::LastWayIn => Self::new(409, "last_login_method", error.to_string()),
            UnlinkError::Overtaken(error) => Self::from(error),
            UnlinkError::Unavailable(error) => Self::from(error),
        }
    }
}
