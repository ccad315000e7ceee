//! What errors of changing, exporting and deleting one's account look like.

use super::Fault;
use square_accounts::ports::{Overtaken, TokenRejected};
use square_accounts::{
    ChangeEmailError, ConfirmEmailError, DeleteAccountError, EditProfileError, ExportError, NotConfirmed,
    OwnerError, ResetPasswordError, UpdatePasswordError,
};
use square_kernel::{FieldError, Invalid};

impl Fault {
    /// Who owns something or adds to how one gets in has to have the mailbox.
    pub(super) fn address_not_confirmed(message: String) -> Self {
        Self::new(403, "address_not_confirmed", message)
    }

    /// Somebody signed in has not shown that the account is theirs; `field` is where the password goes.
    pub(super) fn not_the_owner(error: &OwnerError, field: &'static str) -> Self {
        match error {
            OwnerError::Gone => Self::from(&TokenRejected::Invalid),
            OwnerError::PasswordRequired => Self::from(&Invalid::field(field, "must not be empty")),
            OwnerError::WrongPassword => {
                let details = vec![FieldError::new(field, "is wrong")];
                Self { details, ..Self::new(403, "wrong_password", error.to_string()) }
            }
            OwnerError::ReauthenticationRequired => Self::reauthentication_required(),
            OwnerError::Overtaken(error) => Self::from(error),
            OwnerError::TooMany(error) => Self::from(error),
            OwnerError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&Overtaken> for Fault {
    /// As for a token that is not good any more, which it is not: the next one, got by refreshing, says what is true.
    fn from(_: &Overtaken) -> Self {
        Self::from(&TokenRejected::Expired)
    }
}

impl From<&NotConfirmed> for Fault {
    fn from(error: &NotConfirmed) -> Self {
        Self::address_not_confirmed(error.to_string())
    }
}

impl From<&ResetPasswordError> for Fault {
    fn from(error: &ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::Rejected => Self::new(400, "invalid_link", error.to_string()),
            ResetPasswordError::Invalid(invalid) => Self::from(invalid),
            ResetPasswordError::TooMany(error) => Self::from(error),
            ResetPasswordError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&UpdatePasswordError> for Fault {
    fn from(error: &UpdatePasswordError) -> Self {
        match error {
            UpdatePasswordError::NoPassword => Self::new(409, "no_password", error.to_string()),
            UpdatePasswordError::Invalid(invalid) => Self::from(invalid),
            UpdatePasswordError::Owner(error) => Self::not_the_owner(error, "existing_password"),
            UpdatePasswordError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&ChangeEmailError> for Fault {
    fn from(error: &ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Invalid(invalid) => Self::from(invalid),
            ChangeEmailError::Owner(error) => Self::not_the_owner(error, "password"),
            ChangeEmailError::TooMany(error) => Self::from(error),
            ChangeEmailError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&ConfirmEmailError> for Fault {
    fn from(error: &ConfirmEmailError) -> Self {
        match error {
            ConfirmEmailError::Rejected => Self::new(400, "invalid_link", error.to_string()),
            ConfirmEmailError::Taken => {
                let details = vec![FieldError::new("email", "is taken")];
                Self { details, ..Self::new(409, "already_exists", error.to_string()) }
            }
            ConfirmEmailError::TooMany(error) => Self::from(error),
            ConfirmEmailError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&DeleteAccountError> for Fault {
    fn from(error: &DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::Owner(error) => Self::not_the_owner(error, "password"),
            DeleteAccountError::LastAdministrator => Self::new(409, "last_administrator", error.to_string()),
            DeleteAccountError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&EditProfileError> for Fault {
    fn from(error: &EditProfileError) -> Self {
        match error {
            EditProfileError::Gone => Self::from(&TokenRejected::Invalid),
            EditProfileError::Overtaken(error) => Self::from(error),
            EditProfileError::TooMany(error) => Self::from(error),
            EditProfileError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&ExportError> for Fault {
    fn from(error: &ExportError) -> Self {
        match error {
            ExportError::Gone => Self::from(&TokenRejected::Invalid),
            ExportError::TooMany(error) => Self::from(error),
            ExportError::Unavailable(error) => Self::from(error),
        }
    }
}
