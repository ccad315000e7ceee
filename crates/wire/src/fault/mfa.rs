//! What errors of the second factor look like.

use super::Fault;
use square_accounts::{
    BeginOtpError, DisableMfaError, EnableMfaError, RecoveryCodesError, SecondFactorError, TooManyAttempts,
    VerifyOtpError,
};
use square_kernel::FieldError;

impl Fault {
    /// The sign-in is too long ago for what is to be done.
    pub(super) fn reauthentication_required() -> Self {
        Self::new(403, "reauthentication_required", "sign in again to do this")
    }

    /// A code that does not count.
    fn wrong_otp(message: String) -> Self {
        let details = vec![FieldError::new("otp", "is wrong, or was used already")];
        Self { details, ..Self::new(422, "wrong_code", message) }
    }

    fn mfa_not_set_up(message: String) -> Self {
        Self::new(409, "mfa_not_set_up", message)
    }

    fn mfa_enabled(message: String) -> Self {
        Self::new(409, "mfa_enabled", message)
    }
}

impl From<&TooManyAttempts> for Fault {
    fn from(error: &TooManyAttempts) -> Self {
        let retry_after = Some(error.retry_after);
        Self { retry_after, ..Self::new(429, "too_many_attempts", error.to_string()) }
    }
}

impl From<&SecondFactorError> for Fault {
    fn from(error: &SecondFactorError) -> Self {
        match error {
            SecondFactorError::ChallengeRejected => Self::new(401, "invalid_mfa_token", error.to_string()),
            SecondFactorError::WrongCode => Self::new(401, "wrong_code", error.to_string()),
            SecondFactorError::TooManyAttempts(error) => Self::from(error),
            SecondFactorError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&BeginOtpError> for Fault {
    fn from(error: &BeginOtpError) -> Self {
        match error {
            BeginOtpError::AlreadyOn => Self::mfa_enabled(error.to_string()),
            BeginOtpError::NotConfirmed(error) => Self::from(error),
            BeginOtpError::Owner(error) => Self::not_the_owner(error, "password"),
            BeginOtpError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&VerifyOtpError> for Fault {
    fn from(error: &VerifyOtpError) -> Self {
        match error {
            VerifyOtpError::NotBegun => Self::mfa_not_set_up(error.to_string()),
            VerifyOtpError::AlreadyVerified => Self::new(409, "already_verified", error.to_string()),
            VerifyOtpError::WrongCode => Self::wrong_otp(error.to_string()),
            VerifyOtpError::TooManyAttempts(error) => Self::from(error),
            VerifyOtpError::NotConfirmed(error) => Self::from(error),
            VerifyOtpError::Overtaken(error) => Self::from(error),
            VerifyOtpError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&EnableMfaError> for Fault {
    fn from(error: &EnableMfaError) -> Self {
        match error {
            EnableMfaError::AlreadyOn => Self::mfa_enabled(error.to_string()),
            EnableMfaError::NotVerified => Self::mfa_not_set_up(error.to_string()),
            EnableMfaError::WrongCode => Self::wrong_otp(error.to_string()),
            EnableMfaError::TooManyAttempts(error) => Self::from(error),
            EnableMfaError::NotConfirmed(error) => Self::from(error),
            EnableMfaError::Overtaken(error) => Self::from(error),
            EnableMfaError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&DisableMfaError> for Fault {
    fn from(error: &DisableMfaError) -> Self {
        match error {
            DisableMfaError::ReauthenticationRequired => Self::reauthentication_required(),
            DisableMfaError::Overtaken(error) => Self::from(error),
            DisableMfaError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&RecoveryCodesError> for Fault {
    fn from(error: &RecoveryCodesError) -> Self {
        match error {
            RecoveryCodesError::ReauthenticationRequired => Self::reauthentication_required(),
            RecoveryCodesError::NotVerified => Self::mfa_not_set_up(error.to_string()),
            RecoveryCodesError::TooMany(error) => Self::from(error),
            RecoveryCodesError::Overtaken(error) => Self::from(error),
            RecoveryCodesError::Unavailable(error) => Self::from(error),
        }
    }
}
