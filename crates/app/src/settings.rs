//! What the operator decides: the settings, their sources and their checks.

mod environment;
mod load;
mod production;
mod selectors;
mod social;
mod types;
mod validate;

pub(crate) use environment::{Environment, SettingsError};
#[cfg(test)]
pub(crate) use load::for_tests;
pub(crate) use load::load;
pub(crate) use selectors::VotesSetting;
pub(crate) use types::{
    Algorithm, AskerLimits, LogFormat, MailTransport, ProxyHeader, Pusher, RabbitMq, SecretList,
    SecretSetting, Settings, SmtpSecurity, SubjectSetting,
};
