//! What the operator decides: the settings, their sources and their checks.

mod environment;
mod load;
mod social;
mod types;
mod validate;

pub(crate) use environment::{Environment, SettingsError};
pub(crate) use load::load;
#[cfg(test)]
pub(crate) use load::for_tests;
pub(crate) use types::{
    Algorithm, LogFormat, MailTransport, ProxyHeader, Pusher, RabbitMq, SecretSetting, Settings,
    SmtpSecurity, SubjectSetting,
};
