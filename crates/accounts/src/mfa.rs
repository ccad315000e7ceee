//! The second factor: one-time codes of an authenticator app (RFC 6238), recovery codes, and the challenge between password
//! and second factor.
//!
//! It is set up in three steps: [`Accounts::begin_otp`](crate::Accounts::begin_otp) makes a secret,
//! [`verify_otp`](crate::Accounts::verify_otp) shows that the app knows it and gives recovery codes,
//! [`enable_mfa`](crate::Accounts::enable_mfa) switches it on. Until then, and once it is switched off, none of it counts. Each
//! code is good once: a step of time has to be later than every one used before, a recovery code is gone with its use.

mod attempts;
mod begin_otp;
mod challenge;
mod fresh;
mod recovery_code;
mod recovery_codes;
mod required_roles;
mod sign_in_by_otp;
mod sign_in_by_recovery_code;
mod switch_mfa;
#[cfg(test)]
mod tests;
mod totp;
mod verify_otp;

pub use attempts::TooManyAttempts;
pub use begin_otp::BeginOtpError;
pub use challenge::{Entry, MfaChallenge, SecondFactorError};
pub use recovery_code::{RecoveryCode, RecoveryCodeId, RecoveryDigest};
pub use recovery_codes::RecoveryCodesError;
pub(crate) use switch_mfa::note_switch;
pub use switch_mfa::{DisableMfaError, EnableMfaError};
pub use totp::{OtpCode, OtpSecret};
pub use verify_otp::VerifyOtpError;
