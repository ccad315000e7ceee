use crate::settings::{LogFormat, Settings, SettingsError};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Sends log lines to standard error, as the settings say.
pub(crate) fn init(settings: &Settings) -> Result<(), SettingsError> {
    let filter: EnvFilter = settings.log.level.parse().map_err(|_| {
        SettingsError(format!("the setting log.level is impossible: {:?}", settings.log.level))
    })?;
    // A line that cannot be written, because nobody reads standard error any more, is lost; reporting that there
    // would panic.
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let done = match settings.log.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    done.map_err(|error| SettingsError(format!("logging cannot be started: {error}")))
}
