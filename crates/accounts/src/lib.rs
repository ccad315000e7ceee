//! People: registration, confirmation of the address, sign-in, sessions, roles.
//!
//! [`Accounts`] holds the use cases, one file each; [`ports`] is what they need from outside. Rules that hold
//! throughout:
//!
//! - A reply never tells whether an e-mail address has an account.
//! - A single-use secret is claimed by one conditional write in the store, and only then acted on.
//! - A letter is stored in the transaction of the change that causes it and leaves later, so no request waits for mail and no letter is lost.

mod access;
mod account;
mod admin;
mod audit;
mod change_email;
mod confirm;
mod delete_account;
mod deliver_letters;
mod devices;
mod edit_profile;
mod export;
mod forget_sessions;
mod forgot_password;
mod letter;
mod letter_requests;
mod limits;
mod mfa;
mod names;
mod notices;
mod operator;
mod owner;
mod pace;
mod password;
pub mod ports;
mod profile;
mod refresh;
mod register;
mod resend_confirmation;
mod reset_password;
mod revocations;
mod role;
mod service;
mod session_tokens;
mod sessions;
mod sign_in;
mod sign_out;
mod signing_keys;
mod signup;
mod social;
mod tokens;
mod update_password;

#[cfg(feature = "testing")]
pub mod testing;

pub use account::{Account, LoginMethod, NotConfirmed, Standing};
pub use admin::{AdminError, UserPatch};
pub use audit::{Actor, AuditAction, AuditEntry, AuditId};
pub use change_email::{ChangeEmailError, ConfirmEmailError};
pub use confirm::ConfirmError;
pub use delete_account::DeleteAccountError;
pub use deliver_letters::{LetterDelivery, Step};
pub use edit_profile::{EditProfileError, ProfilePatch};
pub use export::{AccountData, ExportError};
pub use letter::{ClaimedLetter, Letter, LetterId, Occasion};
pub use limits::LimitPolicy;
pub use mfa::{
    BeginOtpError, DisableMfaError, EnableMfaError, Entry, MfaChallenge, OtpCode, OtpSecret, RecoveryCode,
    RecoveryCodeId, RecoveryCodesError, RecoveryDigest, SecondFactorError, TooManyAttempts, VerifyOtpError,
};
pub use names::{EmailAddress, PersonName, Username};
pub use operator::{CreateError, MissingRole, NewUser, OperatorError, RoleError};
pub use owner::OwnerError;
pub use password::{Password, PasswordHash};
pub use refresh::RefreshError;
pub use register::{NewRegistration, RegisterError};
pub use reset_password::ResetPasswordError;
pub use role::{PermissionName, RoleName};
pub use service::{AccountPolicy, Accounts, AccountsParts};
pub use session_tokens::{Device, SignedIn};
pub use sessions::EndSessionError;
pub use sign_in::SignInError;
pub use signing_keys::{KeyUse, LoadKeysError, Rotated, SigningKeyPolicy, SigningKeys, Tended};
pub use signup::{NewSignup, SignupError};
pub use social::{
    Provider, SocialBeginning, SocialError, SocialLinkError, SocialOutcome, SocialRequest, UnlinkError,
};
pub use tokens::{AccessClaims, MailToken, TokenDigest, TokenPair};
pub use update_password::UpdatePasswordError;
