use crate::groups::{Fate, Groups};
use crate::intake::{Dropped, Occurrence};
use crate::report::Report;
use std::collections::VecDeque;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// How many different errors are told of within a minute.
const GROUPS: usize = 100;
/// How many reports wait while they cannot be handed over.
const WAITING: usize = 100;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Hands one report over.
pub(crate) trait Carrier: Send + Sync + 'static {
    /// MUST end within a limit of its own.
    fn carry(&self, report: &Report) -> impl Future<Output = Carried> + Send;
}

/// How handing over went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carried {
    Delivered,
    /// Not now; after as long as was asked for, if it was.
    Later {
        after: Option<Duration>,
        why: String,
    },
    /// Never.
    Refused {
        why: String,
    },
}

type UnderWay = Pin<Box<dyn Future<Output = (Report, Carried)> + Send>>;

/// Makes reports of occurrences and has them carried, one at a time, until it is told to finish.
pub(crate) struct Worker<C> {
    carrier: Arc<C>,
    occurrences: mpsc::Receiver<Occurrence>,
    finish: oneshot::Receiver<()>,
    dropped: Dropped,
    new_id: Box<dyn Fn() -> String + Send>,
    groups: Groups,
    waiting: VecDeque<Report>,
    pause: Pause,
}

impl<C: Carrier> Worker<C> {
    pub(crate) fn new(
        carrier: C,
        occurrences: mpsc::Receiver<Occurrence>,
        finish: oneshot::Receiver<()>,
        dropped: Dropped,
        new_id: impl Fn() -> String + Send + 'static,
    ) -> Self {
        Self {
            carrier: Arc::new(carrier),
            occurrences,
            finish,
            dropped,
            new_id: Box::new(new_id),
            groups: Groups::new(GROUPS),
            waiting: VecDeque::new(),
            pause: Pause::default(),
        }
    }

    /// Works until it is told to finish; then hands over what there is, up to the first failure.
    pub(crate) async fn run(mut self) {
        let mut under_way: Option<UnderWay> = None;
        loop {
            if under_way.is_none() && self.pause.until.is_none() {
                under_way = self.next();
            }
            let (next_end, pause_end) = (self.groups.next_end(), self.pause.until);
            tokio::select! {
                _ = &mut self.finish => break,
                (report, carried) = or_never(&mut under_way) => {
                    under_way = None;
                    self.settle(report, carried);
                }
                () = at(pause_end) => self.pause.until = None,
                () = at(next_end) => self.end_groups(),
                Some(occurrence) = self.occurrences.recv() => self.take(&occurrence),
            }
        }
        self.hand_over_all(under_way).await;
    }

    fn take(&mut self, occurrence: &Occurrence) {
        match self.groups.take(Report::of(occurrence, (self.new_id)()), Instant::now()) {
            Fate::Send(report) => self.enqueue(report),
            Fate::Gathered => {}
            Fate::Lost => self.dropped.add(1),
        }
    }

    fn end_groups(&mut self) {
        for report in self.groups.end(Instant::now()) {
            self.enqueue(report);
        }
    }

    /// Has a report wait its turn, together with an equal one that waits already. The first in the queue may have
    /// been sent before without an answer, and then what was added to it would be taken for a repeat.
    fn enqueue(&mut self, report: Report) {
        let equal = |other: &&mut Report| other.fingerprint == report.fingerprint;
        if let Some(other) = self.waiting.iter_mut().skip(1).find(equal) {
            other.occurrences += report.occurrences;
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back(report);
        } else {
            self.dropped.add(report.occurrences);
        }
    }

    fn next(&mut self) -> Option<UnderWay> {
        let mut report = self.waiting.pop_front()?;
        report.dropped_before += self.dropped.take();
        let carrier = self.carrier.clone();
        Some(Box::pin(async move {
            let outcome = carrier.carry(&report).await;
            (report, outcome)
        }))
    }

    fn settle(&mut self, report: Report, carried: Carried) {
        match carried {
            Carried::Delivered => {
                if self.pause.failures > 0 {
                    tracing::info!("reports are handed over again");
                }
                self.pause = Pause::default();
            }
            Carried::Later { after, why } => {
                if self.pause.failures == 0 {
                    tracing::warn!(why, "reports cannot be handed over for now");
                }
                self.pause.extend(after);
                self.waiting.push_front(report);
            }
            Carried::Refused { why } => {
                tracing::warn!(why, "a report is refused");
                self.dropped.add(report.occurrences + report.dropped_before);
            }
        }
    }

    async fn hand_over_all(&mut self, under_way: Option<UnderWay>) {
        self.occurrences.close();
        while let Ok(occurrence) = self.occurrences.try_recv() {
            self.take(&occurrence);
        }
        for report in self.groups.end_all() {
            self.enqueue(report);
        }
        // What was under way may have met a server that was about to come back; it gets its second chance.
        if let Some(under_way) = under_way {
            let (report, carried) = under_way.await;
            self.settle(report, carried);
        }
        while let Some(next) = self.next() {
            let (report, carried) = next.await;
            let failed = matches!(carried, Carried::Later { .. });
            self.settle(report, carried);
            if failed {
                tracing::warn!(reports = self.waiting.len(), "reports are left behind");
                return;
            }
        }
    }
}

/// The rest after a failure: each twice as long as the one before.
#[derive(Debug, Default)]
struct Pause {
    failures: u32,
    until: Option<Instant>,
}

impl Pause {
    fn extend(&mut self, asked: Option<Duration>) {
        let own = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE);
        let asked = asked.unwrap_or_default().min(2 * LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.until = Some(Instant::now() + own.max(asked));
    }
}

async fn or_never<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
