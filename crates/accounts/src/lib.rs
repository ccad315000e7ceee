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
mod audit;
mod confirm;
mod deliver_letters;
mod forget_sessions;
mod letter;
mod names;
mod operator;
mod password;
pub mod ports;
mod profile;
mod refresh;
mod register;
mod resend_confirmation;
mod revocations;
mod service;
mod session_tokens;
mod sign_in;
mod sign_out;
mod signing_keys;
mod signup;
mod social;
mod tokens;

#[cfg(feature = "testing")]
pub mod testing;

pub use account::{Account, LoginMethod, Standing};
pub use audit::{Actor, AuditAction, AuditEntry, AuditId};
pub use confirm::ConfirmError;
pub use deliver_letters::{LetterDelivery, Step};
pub use letter::{ClaimedLetter, Letter, LetterId, Occasion};
pub use names::{EmailAddress, PersonName, Username};
pub use operator::{CreateError, NewUser, OperatorError};
pub use password::{Password, PasswordHash};
pub use refresh::RefreshError;
pub use register::{NewRegistration, RegisterError};
pub use service::{AccountPolicy, Accounts, AccountsParts};
pub use session_tokens::{Device, SignedIn};
pub use sign_in::SignInError;
pub use signing_keys::ensure_signing_key;
pub use signup::{NewSignup, SignupError};
pub use social::Provider;
pub use tokens::{AccessClaims, MailToken, TokenDigest, TokenPair};
