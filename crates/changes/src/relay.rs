use crate::change::Change;
use crate::ports::{ChangeLog, DeliveryStore, Receiver, Refusal};
use square_kernel::{Clock, Unavailable};
use std::sync::Arc;
use std::time::Duration;

/// Brings changes to one receiver, at least once each and in order.
///
/// Nothing but the position is kept: a change counts as delivered when the receiver has confirmed it and the
/// position has moved past it. Whoever takes over goes on from there, and the receiver drops what it has seen.
/// A receiver that is away holds up its own changes only, and all of them: an order kept for each entity alone would
/// need a queue for each.
pub struct Relay {
    log: Arc<dyn ChangeLog>,
    deliveries: Arc<dyn DeliveryStore>,
    receiver: Arc<dyn Receiver>,
    clock: Arc<dyn Clock>,
    failures: u32,
}

/// What a step of a [`Relay`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to deliver.
    Idle,
    /// Something was delivered or set aside; there may be more.
    Progress,
    /// The receiver is away: try again after so long.
    Wait(Duration),
}

impl Relay {
    /// How long to wait after the first failure; twice as long after each further one.
    pub const FIRST_WAIT: Duration = Duration::from_millis(250);

    /// How long to wait at most.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(15);

    /// From `log` to `receiver`, whose position `deliveries` keeps.
    pub fn new(
        log: Arc<dyn ChangeLog>,
        deliveries: Arc<dyn DeliveryStore>,
        receiver: Arc<dyn Receiver>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, deliveries, receiver, clock, failures: 0 }
    }

    /// The receiver's name, which is also that of the duty to work for it.
    pub fn name(&self) -> &str {
        self.receiver.name()
    }

    /// Delivers what comes next; when nothing does, what was set aside and is asked for again. Call it only while the
    /// duty of this receiver is held.
    pub async fn step(&mut self) -> Result<Step, Unavailable> {
        let position = self.deliveries.position(self.receiver.name()).await?;
        let changes = self.log.after(position, self.receiver.batch()).await?;
        if changes.is_empty() { self.replay().await } else { self.deliver(position, changes).await }
    }

    /// Returns when there may be something to do; see [`ChangeLog::hint`].
    pub async fn hint(&self) {
        self.log.hint().await;
    }

    async fn deliver(&mut self, position: u64, changes: Vec<Change>) -> Result<Step, Unavailable> {
        let name = self.receiver.name();
        let last = changes.last().map_or(position, |change| change.number);
        let public: Vec<Change> = changes.into_iter().filter(|change| change.channel.is_public()).collect();
        let outcome = self.receiver.deliver(&public).await;
        // What lies between two public changes has nobody to be delivered to.
        let up_to = match public.get(outcome.delivered) {
            Some(next) => next.number - 1,
            None => last,
        };
        if up_to > position && !self.deliveries.advance(name, position, up_to).await? {
            return Ok(Step::Progress);
        }
        match (outcome.refusal, public.get(outcome.delivered)) {
            (Some(Refusal::Permanent(reason)), Some(refused)) => {
                tracing::error!(receiver = name, change = %refused.id, reason, "a change is set aside");
                let at = self.clock.now();
                self.deliveries.set_aside(name, up_to, refused, &reason, at).await?;
            }
            (Some(Refusal::Temporary(reason)), _) => return Ok(self.wait(&reason)),
            _ => {}
        }
        self.failures = 0;
        Ok(Step::Progress)
    }

    async fn replay(&mut self) -> Result<Step, Unavailable> {
        let name = self.receiver.name();
        let changes = self.deliveries.to_replay(name, self.receiver.batch()).await?;
        if changes.is_empty() {
            return Ok(Step::Idle);
        }
        let outcome = self.receiver.deliver(&changes).await;
        for change in changes.iter().take(outcome.delivered) {
            self.deliveries.replayed(name, change.number).await?;
        }
        match (outcome.refusal, changes.get(outcome.delivered)) {
            (Some(Refusal::Permanent(reason)), Some(refused)) => {
                self.deliveries.refused_again(name, refused.number, &reason, self.clock.now()).await?;
            }
            (Some(Refusal::Temporary(reason)), _) => return Ok(self.wait(&reason)),
            _ => {}
        }
        self.failures = 0;
        Ok(Step::Progress)
    }

    fn wait(&mut self, reason: &str) -> Step {
        let doubled = Self::FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures));
        let wait = doubled.min(Self::LONGEST_WAIT);
        if self.failures == 0 {
            tracing::warn!(receiver = self.receiver.name(), reason, "changes wait for their receiver");
        }
        self.failures = self.failures.saturating_add(1);
        Step::Wait(wait)
    }
}
