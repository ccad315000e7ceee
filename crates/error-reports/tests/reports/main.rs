//! Errors and panics of a program on their way to a server that plays Rollbar.

mod panics;
mod sending;
mod stand_in;

use square_error_reports::{ErrorReports, ReportSettings};
use square_kernel::Secret;
use square_kernel::testing::{ManualClock, SeededRandomness};
use std::sync::Arc;
use std::time::Duration;
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

const LONG: Duration = Duration::from_mins(1);

fn settings(endpoint: &str) -> ReportSettings {
    ReportSettings {
        token: Secret::new("the-token"),
        endpoint: endpoint.to_owned(),
        environment: "test".to_owned(),
        server: "node-1".to_owned(),
        code_version: "1.2.3".to_owned(),
        time_limit: LONG,
        flush_within: LONG,
    }
}

fn start(settings: &ReportSettings) -> ErrorReports {
    ErrorReports::start(settings, Arc::new(ManualClock::default()), Arc::new(SeededRandomness::default()))
        .expect("the settings are right")
}

/// A log whose errors are reported.
fn log_of(reports: &ErrorReports) -> Dispatch {
    Dispatch::new(Registry::default().with(reports.layer()))
}
