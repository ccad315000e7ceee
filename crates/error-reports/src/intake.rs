use crate::fields::Fields;
use jiff::Timestamp;
use square_kernel::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Something to report, as it was noted: not cleaned yet.
#[derive(Debug)]
pub(crate) struct Occurrence {
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// The module it comes from; empty for a panic.
    pub(crate) target: &'static str,
    /// File and line.
    pub(crate) place: Option<(String, u32)>,
    pub(crate) fields: Fields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Panic,
}

/// Where occurrences are handed in. Never waits: what there is no room for is counted.
#[derive(Clone)]
pub(crate) struct Intake {
    queue: mpsc::Sender<Occurrence>,
    dropped: Dropped,
    clock: Arc<dyn Clock>,
}

impl Intake {
    /// An intake with room for `room` occurrences, and where they come out.
    pub(crate) fn new(room: usize, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<Occurrence>) {
        let (queue, out) = mpsc::channel(room);
        (Self { queue, dropped: Dropped::default(), clock }, out)
    }

    pub(crate) fn put(&self, occurrence: Occurrence) {
        if self.queue.try_send(occurrence).is_err() {
            self.dropped.add(1);
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn dropped(&self) -> &Dropped {
        &self.dropped
    }
}

/// How many occurrences were lost since the last report that told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dropped(Arc<AtomicU64>);

impl Dropped {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub(crate) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}
