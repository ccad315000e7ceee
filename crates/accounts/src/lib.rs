//! People: registration, confirmation of the address, sign-in, sessions, roles.
//!
//! [`ports`] is what the use cases need from outside. Rules that hold throughout:
//!
//! - A reply never tells whether an e-mail address has an account.
//! - A single-use secret is claimed by one conditional write in the store, and only then acted on.
//! - A letter is stored in the transaction of the change that causes it and leaves later, so no request waits for mail and no letter is lost.

mod account;
mod letter;
mod names;
mod password;
pub mod ports;
mod tokens;

pub use account::{Account, LoginMethod, Standing};
pub use letter::{ClaimedLetter, Letter, LetterId, Occasion};
pub use names::{EmailAddress, PersonName, Username};
pub use password::{Password, PasswordHash};
pub use tokens::{AccessClaims, MailToken, TokenDigest, TokenPair};
