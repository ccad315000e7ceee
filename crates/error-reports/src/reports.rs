use crate::intake::Intake;
use crate::layer::{ReportLayer, is_wanted};
use crate::panics::{self, Panics};
use crate::rollbar::Rollbar;
use crate::settings::{ReportSettings, SetupError};
use crate::worker::Worker;
use square_kernel::{Clock, Randomness, new_uuid};
use std::fmt;
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

/// How many occurrences may wait for the thread that sends.
const QUEUE: usize = 256;

/// The reporter. Its thread works for as long as this lives.
///
/// Dropping it hands over what still waits and blocks for that, though no longer than
/// [`flush_within`](ReportSettings::flush_within): drop it outside of async code, at the end of the program.
pub struct ErrorReports {
    intake: Intake,
    panics: Panics,
    finish: Option<oneshot::Sender<()>>,
    /// Closed when the thread has ended.
    ended: std_mpsc::Receiver<()>,
    flush_within: Duration,
}

impl ErrorReports {
    /// Starts the thread that sends. Nothing is reported until [`layer`](Self::layer) or
    /// [`report_panics`](Self::report_panics) is used.
    pub fn start(
        settings: &ReportSettings,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, SetupError> {
        let rollbar = Rollbar::new(settings)?;
        let (intake, occurrences) = Intake::new(QUEUE, clock.clone());
        let (finish, finished) = oneshot::channel();
        let new_id = move || new_uuid(&*clock, &*randomness).to_string();
        let worker = Worker::new(rollbar, occurrences, finished, intake.dropped().clone(), new_id);
        let ended = work(worker).map_err(SetupError::Thread)?;
        let flush_within = settings.flush_within;
        Ok(Self { intake, panics: Panics::default(), finish: Some(finish), ended, flush_within })
    }

    /// The layer that reports every event at the level ERROR. It brings a filter of its own, so it sees them however
    /// little goes into the log: give the log's filter to the log's layer alone, not to the whole subscriber.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer = ReportLayer { intake: self.intake.clone(), panics: self.panics.clone() };
        layer.with_filter(FilterFn::new(is_wanted).with_max_level_hint(LevelFilter::INFO))
    }

    /// Has panics of all threads reported from now on, after what the panic hook does so far. A panic that is also
    /// logged as an error by whoever catches it is reported once.
    pub fn report_panics(&self) {
        panics::watch(self.intake.clone(), self.panics.clone());
    }
}

impl Drop for ErrorReports {
    fn drop(&mut self) {
        // The thread takes both the signal and the closed channel for the end.
        drop(self.finish.take());
        if self.ended.recv_timeout(self.flush_within) == Err(std_mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("reports are left behind: there was no time to hand them over");
        }
    }
}

impl fmt::Debug for ErrorReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorReports").finish_non_exhaustive()
    }
}

/// Runs the worker on a thread of its own, so that reports go out also while the server's threads are stuck, not
/// yet there or gone. What it gives is closed when the thread ends.
fn work(worker: Worker<Rollbar>) -> std::io::Result<std_mpsc::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (end, ended) = std_mpsc::channel();
    thread::Builder::new().name("error-reports".to_owned()).spawn(move || {
        runtime.block_on(worker.run());
        drop(end);
    })?;
    Ok(ended)
}
