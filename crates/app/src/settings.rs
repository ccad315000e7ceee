//! What the operator decides: the settings, their sources and their checks.

mod load;
mod types;
mod validate;

pub(crate) use load::{Environment, SettingsError, load};
pub(crate) use types::{
    Algorithm, LogFormat, MailTransport, SecretSetting, Settings, SmtpSecurity, SubjectSetting,
};
