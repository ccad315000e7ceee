//! Where log lines and error reports go.

use crate::settings::{Environment, LogFormat, Settings, SettingsError};
use square_error_reports::{ErrorReports, ReportSettings, SetupError};
use square_kernel::{OsRandomness, SystemClock};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// How long handing over one report may take, and the last ones at the end of the process.
const REPORT_WITHIN: Duration = Duration::from_secs(10);
const LAST_REPORTS_WITHIN: Duration = Duration::from_secs(2);

/// Sends log lines to standard error, and errors and panics to Rollbar where a token is set. Keep what it gives until the
/// end of the process, and drop it outside of async code.
pub(crate) fn init(
    settings: &Settings,
    environment: Environment,
) -> Result<Option<ErrorReports>, SettingsError> {
    let reports = reports(settings, environment)?;
    let lines = lines(settings)?;
    let subscriber = Registry::default().with(reports.as_ref().map(ErrorReports::layer)).with(lines);
    subscriber.try_init().map_err(|error| SettingsError(format!("logging cannot be started: {error}")))?;
    if let Some(reports) = &reports {
        reports.report_panics();
    }
    Ok(reports)
}

/// Whether [`init`] could do it.
pub(crate) fn check(settings: &Settings, environment: Environment) -> Result<(), SettingsError> {
    filter(settings)?;
    reports(settings, environment).map(drop)
}

fn filter(settings: &Settings) -> Result<EnvFilter, SettingsError> {
    settings
        .log
        .level
        .parse()
        .map_err(|_| SettingsError(format!("the setting log.level is impossible: {:?}", settings.log.level)))
}

fn lines<S>(settings: &Settings) -> Result<Box<dyn Layer<S> + Send + Sync>, SettingsError>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let filter = filter(settings)?;
    // A line that cannot be written, because nobody reads standard error any more, is lost; reporting that there
    // would panic.
    let layer = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    Ok(match settings.log.format {
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal();
            layer.with_ansi(colour).with_target(false).with_filter(filter).boxed()
        }
    })
}

fn reports(settings: &Settings, environment: Environment) -> Result<Option<ErrorReports>, SettingsError> {
    let Some(token) = settings.rollbar.token.get() else { return Ok(None) };
    let reports = ReportSettings {
        token: token.clone(),
        endpoint: settings.rollbar.endpoint.clone(),
        environment: environment.name().to_owned(),
        server: settings.rollbar.server.clone(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        time_limit: REPORT_WITHIN,
        flush_within: LAST_REPORTS_WITHIN,
    };
    let started = ErrorReports::start(&reports, Arc::new(SystemClock), Arc::new(OsRandomness));
    started.map(Some).map_err(|error| SettingsError(sentence(&error)))
}

fn sentence(error: &SetupError) -> String {
    match error {
        SetupError::Endpoint => format!("the setting rollbar.endpoint is impossible: it {error}"),
        SetupError::Token => format!("the setting rollbar.token is impossible: {error}"),
        SetupError::Client(_) | SetupError::Thread(_) => {
            format!("errors cannot be reported to Rollbar: {error}")
        }
    }
}
