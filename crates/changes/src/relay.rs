use crate::change::Change;
use crate::ports::{ChangeLog, DeliveryStore, Outcome, Receiver, Refusal};
use square_kernel::{Clock, Unavailable};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How many characters of a refusal's reason are kept.
const REASON: usize = 1000;

/// Brings changes to one receiver, at least once each and in order.
///
/// Nothing but the position is kept: a change counts as delivered when the receiver has confirmed it and the
/// position has moved past it. Whoever takes over goes on from there, and the receiver drops what it has seen.
/// A receiver that is away holds up its own changes only, and all of them: an order kept for each entity alone would
/// need a queue for each.
///
/// What is delivered begins behind the position, and the position never passes what was not delivered or set aside.
/// So the first copies of all changes arrive in order, also while several relays of one receiver are at work.
pub struct Relay {
    log: Arc<dyn ChangeLog>,
    deliveries: Arc<dyn DeliveryStore>,
    receiver: Arc<dyn Receiver>,
    clock: Arc<dyn Clock>,
    /// How often in a row the receiver took nothing.
    failures: u32,
    /// Whether the log was told that the receiver is away.
    away: bool,
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
        Self { log, deliveries, receiver, clock, failures: 0, away: false }
    }

    /// The receiver's name, which is also that of the duty to work for it.
    pub fn name(&self) -> &str {
        self.receiver.name()
    }

    /// Delivers what comes next and, once the receiver has caught up, what was set aside and is asked for again.
    /// Call it only while the duty of this receiver is held. After an error, rest before the next call: changes that
    /// the receiver has already may come to it again.
    pub async fn step(&mut self) -> Result<Step, Unavailable> {
        let position = self.deliveries.position(self.receiver.name()).await?;
        let waiting = self.log.after(position, self.batch()).await?;
        let waiting_count = waiting.len();
        let changes = each_entity_once(waiting);
        let caught_up = changes.len() == waiting_count && waiting_count < self.batch() as usize;
        if changes.is_empty() {
            return self.replay().await;
        }
        match self.deliver(position, changes).await? {
            Step::Progress if caught_up => Ok(match self.replay().await? {
                Step::Idle => Step::Progress,
                other => other,
            }),
            other => Ok(other),
        }
    }

    /// Returns when there may be something to do; see [`ChangeLog::hint`].
    pub async fn hint(&self) {
        self.log.hint().await;
    }

    /// Delivers `changes`, which are not empty and begin behind `position`.
    async fn deliver(&mut self, position: u64, changes: Vec<Change>) -> Result<Step, Unavailable> {
        let last = changes.last().map_or(position, |change| change.number);
        let public: Vec<Change> = changes.into_iter().filter(|change| change.channel.is_public()).collect();
        let Outcome { delivered, refusal } = self.hand_over(&public).await;
        let next = public.get(delivered);
        if let (Some(Refusal::Permanent(reason)), Some(refused)) = (&refusal, next) {
            self.set_aside(position, refused, reason).await?;
            return Ok(self.go_on());
        }
        // What lies between two public changes has nobody to be delivered to.
        let up_to = next.map_or(last, |next| next.number - 1);
        if up_to > position {
            // Refused when somebody else has moved the position: the next step goes on from where they are.
            self.deliveries.advance(self.receiver.name(), position, up_to).await?;
        }
        Ok(self.go_on_or_wait(delivered, refusal))
    }

    /// Delivers again what is asked for. In its old place it was missed already, so the order is that of now.
    async fn replay(&mut self) -> Result<Step, Unavailable> {
        let receiver = Arc::clone(&self.receiver);
        let changes = each_entity_once(self.deliveries.to_replay(receiver.name(), self.batch()).await?);
        if changes.is_empty() {
            return Ok(Step::Idle);
        }
        let Outcome { delivered, refusal } = self.hand_over(&changes).await;
        for change in changes.iter().take(delivered) {
            self.deliveries.replayed(receiver.name(), change.number).await?;
        }
        if let (Some(Refusal::Permanent(reason)), Some(refused)) = (&refusal, changes.get(delivered)) {
            let (reason, at) = (printable(reason), self.clock.now());
            self.deliveries.refused_again(receiver.name(), refused.number, &reason, at).await?;
            return Ok(self.go_on());
        }
        Ok(self.go_on_or_wait(delivered, refusal))
    }

    /// Gives `changes` to the receiver, and makes of what it says something that fits them.
    async fn hand_over(&self, changes: &[Change]) -> Outcome {
        if changes.is_empty() {
            return Outcome { delivered: 0, refusal: None };
        }
        let Outcome { delivered, refusal } = self.receiver.deliver(changes).await;
        match refusal {
            // Else the same would be tried again without a pause.
            None if delivered == 0 => {
                let reason = "took nothing and did not say why".to_owned();
                Outcome { delivered, refusal: Some(Refusal::Temporary(reason)) }
            }
            refusal => Outcome { delivered: delivered.min(changes.len()), refusal },
        }
    }

    async fn set_aside(&self, position: u64, refused: &Change, reason: &str) -> Result<(), Unavailable> {
        let (receiver, reason) = (self.receiver.name(), printable(reason));
        if self.deliveries.set_aside(receiver, position, refused, &reason, self.clock.now()).await? {
            tracing::error!(receiver, change = %refused.id, reason, "a change is set aside");
        }
        Ok(())
    }

    fn go_on_or_wait(&mut self, delivered: usize, refusal: Option<Refusal>) -> Step {
        match refusal {
            Some(Refusal::Temporary(reason)) => self.wait(delivered, &reason),
            Some(Refusal::Permanent(_)) | None => self.go_on(),
        }
    }

    fn go_on(&mut self) -> Step {
        if self.away {
            tracing::info!(receiver = self.receiver.name(), "changes are delivered again");
        }
        (self.failures, self.away) = (0, false);
        Step::Progress
    }

    /// A receiver that took some is there, and is given more soon.
    fn wait(&mut self, delivered: usize, reason: &str) -> Step {
        if !self.away {
            tracing::warn!(receiver = self.receiver.name(), reason, "changes wait for their receiver");
        }
        self.failures = if delivered > 0 { 0 } else { self.failures };
        let doubled = Self::FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures));
        (self.failures, self.away) = (self.failures.saturating_add(1), true);
        Step::Wait(doubled.min(Self::LONGEST_WAIT))
    }

    fn batch(&self) -> u32 {
        self.receiver.batch().max(1)
    }
}

/// The changes up to the first whose entity came before. A receiver may take a batch in another order than it was given
/// (RabbitMQ stores what comes behind a message that it could not store); of one entity there is never more than one in it.
fn each_entity_once(mut changes: Vec<Change>) -> Vec<Change> {
    let mut seen = HashSet::with_capacity(changes.len());
    let once = changes.iter().take_while(|change| seen.insert((change.channel, change.entity))).count();
    changes.truncate(once);
    changes
}

/// `reason` such that every database and terminal takes it.
fn printable(reason: &str) -> String {
    reason.chars().take(REASON).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
