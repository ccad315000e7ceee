use super::phase::{BreakerPolicy, Memory, Phase, Verdict};
use crate::{DeltaSink, Outage, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use async_trait::async_trait;
use jiff::SignedDuration;
use square_kernel::Clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

/// A skill that has not answered a ping by then is not back.
const PING_LIMIT: Duration = Duration::from_secs(5);

/// Stops asking a skill that fails again and again, so that a dead one costs a question nothing.
///
/// While it is open, questions fail at once, and the skill is pinged now and then, after pauses that grow up to a limit.
/// Once a ping is answered, the next question is asked as a trial: if that goes well, all are again. Where pings are not
/// answered although questions may be, the longest pause ends in a trial too, so nothing stays open for good.
pub struct Breaker {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Arc<dyn Skill>,
    policy: BreakerPolicy,
    clock: Arc<dyn Clock>,
    changes: Arc<AtomicU64>,
    memory: Mutex<Memory>,
}

impl Breaker {
    /// Guards `inner`. `changes` is counted up whenever [`Skill::outage`] changes.
    pub fn new(
        inner: Arc<dyn Skill>,
        policy: BreakerPolicy,
        clock: Arc<dyn Clock>,
        changes: Arc<AtomicU64>,
    ) -> Self {
        let memory = Mutex::new(Memory::new(&policy));
        Self { shared: Arc::new(Shared { inner, policy, clock, changes, memory }) }
    }
}

#[async_trait]
impl Skill for Breaker {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        self.answer_in_parts(request, &Unheard).await
    }

    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let passage = Passage::enter(&self.shared)?;
        let answer = self.shared.inner.answer_in_parts(request, deltas).await;
        passage.leave(&answer);
        answer
    }

    /// Answered while the breaker is open, it has the next question be the trial.
    async fn ping(&self) -> Result<(), SkillFailure> {
        let answered = self.shared.inner.ping().await;
        if is_there(&answered) {
            self.shared.seen();
        }
        answered
    }

    fn outage(&self) -> Option<Outage> {
        let memory = self.shared.memory();
        let next_probe = match memory.phase {
            Phase::Closed => return None,
            Phase::Open { shown, .. } => Some(shown),
            Phase::HalfOpen { .. } => None,
        };
        Some(Outage { reason: Arc::clone(&memory.reason), next_probe })
    }

    fn is_exhausted(&self) -> bool {
        self.shared.inner.is_exhausted()
    }
}

/// Whether a ping tells that somebody is there who may answer questions: some skills have no ping.
fn is_there(ping: &Result<(), SkillFailure>) -> bool {
    matches!(ping, Ok(()) | Err(SkillFailure::Status(..500)))
}

/// One question on its way through the breaker.
struct Passage<'a> {
    shared: &'a Arc<Shared>,
    epoch: u64,
    begun: Instant,
    left: bool,
}

impl<'a> Passage<'a> {
    fn enter(shared: &'a Arc<Shared>) -> Result<Self, SkillFailure> {
        let mut memory = shared.memory();
        if let Phase::Open { until, .. } = memory.phase
            // Whoever was to look has gone together with its thread.
            && Instant::now() > until + 2 * PING_LIMIT
        {
            memory.half_open();
            shared.tell();
        }
        match &mut memory.phase {
            Phase::Closed => {}
            Phase::HalfOpen { trial } if !*trial => *trial = true,
            Phase::HalfOpen { .. } => return Err(refusal(&memory, None)),
            Phase::Open { until, .. } => {
                let left = until.saturating_duration_since(Instant::now());
                return Err(refusal(&memory, Some(left)));
            }
        }
        let epoch = memory.epoch;
        drop(memory);
        Ok(Self { shared, epoch, begun: Instant::now(), left: false })
    }

    fn leave<T>(mut self, answer: &Result<T, SkillFailure>) {
        self.left = true;
        self.shared.judge(self.epoch, Verdict::of(answer), answer.as_ref().err());
    }
}

impl Drop for Passage<'_> {
    /// Nobody waits for the answer any more, or the skill panicked.
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let late = self.begun.elapsed() >= self.shared.policy.patience;
        if late || std::thread::panicking() {
            self.shared.judge(self.epoch, Verdict::Bad, Some(&SkillFailure::TimedOut));
        } else {
            self.shared.judge(self.epoch, Verdict::None, None);
        }
    }
}

fn refusal(memory: &Memory, retry_in: Option<Duration>) -> SkillFailure {
    SkillFailure::BreakerOpen { reason: Arc::clone(&memory.reason), retry_in }
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Draws the conclusion from a question that was let through in `epoch`.
    fn judge(self: &Arc<Self>, epoch: u64, verdict: Verdict, failure: Option<&SkillFailure>) {
        let mut memory = self.memory();
        if memory.epoch != epoch {
            return;
        }
        let trial = matches!(memory.phase, Phase::HalfOpen { .. });
        let failure = failure.filter(|_| verdict == Verdict::Bad);
        match (verdict, trial) {
            (Verdict::None, true) => memory.phase = Phase::HalfOpen { trial: false },
            (Verdict::None, false) => {}
            (Verdict::Good, true) => {
                memory.close(&self.policy);
                self.tell();
            }
            (Verdict::Bad, true) => {
                memory.lengthen(&self.policy);
                let reason = failure.map_or_else(|| Arc::clone(&memory.reason), trial_failed);
                self.open(&mut memory, reason);
            }
            (Verdict::Good | Verdict::Bad, false) => {
                if let Some(reason) = memory.note(&self.policy, failure) {
                    self.open(&mut memory, reason);
                }
            }
        }
    }

    /// Opens, and has somebody look later.
    fn open(self: &Arc<Self>, memory: &mut Memory, reason: Arc<str>) {
        let pause = memory.pause;
        memory.open(reason, Instant::now() + pause, self.shown(pause));
        self.tell();
        // Outside of a runtime nobody can look; the first question after the pause is the trial then.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(look(Arc::downgrade(self), Arc::clone(&self.inner), memory.epoch, pause));
        }
    }

    fn shown(&self, pause: Duration) -> jiff::Timestamp {
        let now = self.clock.now();
        now.checked_add(SignedDuration::try_from(pause).unwrap_or_default()).unwrap_or(now)
    }

    /// The skill is there: the next question is asked.
    fn seen(&self) {
        let mut memory = self.memory();
        if let Phase::Open { .. } = memory.phase {
            memory.half_open();
            self.tell();
        }
    }

    /// A ping was not answered: the next pause begins. `None` where no more pings are needed.
    fn missed(&self, epoch: u64) -> Option<(u64, Duration)> {
        let mut memory = self.memory();
        if memory.epoch != epoch {
            return None;
        }
        if memory.pause >= self.policy.longest_pause {
            memory.half_open();
            self.tell();
            return None;
        }
        memory.lengthen(&self.policy);
        let (pause, reason) = (memory.pause, Arc::clone(&memory.reason));
        memory.open(reason, Instant::now() + pause, self.shown(pause));
        self.tell();
        Some((memory.epoch, pause))
    }
}

fn trial_failed(failure: &SkillFailure) -> Arc<str> {
    format!("it failed when it was tried again: {failure}").into()
}

/// Pings the skill after each pause until it is back or the breaker has gone.
async fn look(shared: Weak<Shared>, inner: Arc<dyn Skill>, mut epoch: u64, mut pause: Duration) {
    loop {
        sleep(pause).await;
        if shared.upgrade().is_none_or(|shared| shared.memory().epoch != epoch) {
            return;
        }
        let ping = timeout(PING_LIMIT, inner.ping()).await;
        let Some(shared) = shared.upgrade() else { return };
        if ping.is_ok_and(|ping| is_there(&ping)) {
            return shared.seen();
        }
        let Some(next) = shared.missed(epoch) else { return };
        (epoch, pause) = next;
    }
}
