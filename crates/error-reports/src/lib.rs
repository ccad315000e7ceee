//! Reports errors and panics to Rollbar, or to whatever speaks its API, in the background.
//!
//! - [`ErrorReports`] is the whole of it: [`layer`](ErrorReports::layer) makes reports of what is logged as an error,
//!   [`report_panics`](ErrorReports::report_panics) of panics.
//! - `layer.rs` and `panics.rs` note what happened and put it into a bounded queue; that is all that a request
//!   waits for. When the queue is full, an occurrence is counted instead.
//! - `worker.rs` runs on a thread of its own: it cleans what was noted (`scrub.rs`), groups what is equal
//!   (`groups.rs`) and has `rollbar.rs` carry one report at a time.
//!
//! Reports hold no personal data: only fields with a name on a list leave the process, and their text is cleaned of
//! whatever looks like an address, a token or a secret.

mod fields;
mod fingerprint;
mod groups;
mod intake;
mod layer;
mod panics;
mod report;
mod reports;
mod rollbar;
mod scrub;
mod settings;
mod worker;

#[cfg(test)]
mod tests;

pub use reports::ErrorReports;
pub use settings::{ReportSettings, SetupError};
