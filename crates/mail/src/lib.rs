//! Letters rendered with tera and carried to a folder or to an SMTP server.
//!
//! - [`Letters`] turns an occasion into subject, text and HTML, with the [`Links`] of the settings.
//! - [`Composer`] makes the message of it: headers, addresses, both parts.
//! - [`FilePostman`] and [`SmtpPostman`] carry messages; each is a `square_accounts::ports::Postman`.
//!
//! All settings are checked at construction: a wrong one is a [`SetupError`], never a letter that fails.

mod compose;
mod file;
mod letters;
mod links;
mod setup;
mod smtp;
mod templates;

pub use compose::Composer;
pub use file::FilePostman;
pub use letters::{Letters, Rendered};
pub use links::{LinkSettings, Links};
pub use setup::SetupError;
pub use smtp::{SmtpPostman, SmtpSecurity, SmtpSettings};
