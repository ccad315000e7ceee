use crate::letter::ClaimedLetter;
use crate::ports::{LetterQueue, PostError, Postman};
use crate::service::later;
use jiff::SignedDuration;
use square_kernel::{Clock, Randomness, Unavailable};
use std::sync::Arc;
use std::time::Duration;

/// For so long a claimed letter is nobody else's: well beyond [`SEND_LIMIT`].
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// A postman who takes longer has failed.
const SEND_LIMIT: Duration = Duration::from_mins(1);

/// So often a letter is tried before it is set aside.
const MAX_ATTEMPTS: u32 = 12;

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// No letter was due.
    Idle,
    /// One was sent.
    Sent,
    /// One failed and will be tried again.
    Retried,
    /// One was given up.
    SetAside,
}

/// Sends the stored letters, one a step. Any number may run at once, in any number of processes.
///
/// A letter goes out at least once: a process that dies between sending and noting it sends it again, under the
/// same identifier.
pub struct LetterDelivery {
    queue: Arc<dyn LetterQueue>,
    postman: Arc<dyn Postman>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl LetterDelivery {
    /// Sends what is in `queue` by `postman`.
    pub fn new(
        queue: Arc<dyn LetterQueue>,
        postman: Arc<dyn Postman>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { queue, postman, clock, randomness }
    }

    /// Claims the oldest letter that is due, sends it and notes what came of it.
    pub async fn step(&self) -> Result<Step, Unavailable> {
        let now = self.clock.now();
        let Some(claimed) = self.queue.claim(now, later(now, LEASE)).await? else { return Ok(Step::Idle) };
        let sending = self.postman.send(claimed.id, &claimed.letter);
        let sent = match tokio::time::timeout(SEND_LIMIT, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(PostError::Temporary(format!("took longer than {} s", SEND_LIMIT.as_secs()))),
        };
        let tries = claimed.attempts.saturating_add(1);
        match sent {
            Ok(()) => self.note_sent(&claimed).await,
            Err(PostError::Temporary(reason)) if tries < MAX_ATTEMPTS => self.retry(&claimed, &reason).await,
            Err(PostError::Temporary(reason) | PostError::Permanent(reason)) => {
                self.set_aside(&claimed, &reason).await
            }
        }
    }

    async fn note_sent(&self, claimed: &ClaimedLetter) -> Result<Step, Unavailable> {
        self.queue.sent(claimed.id, self.clock.now()).await?;
        tracing::info!(letter = %claimed.id, occasion = claimed.letter.occasion.name(), "letter sent");
        Ok(Step::Sent)
    }

    async fn retry(&self, claimed: &ClaimedLetter, reason: &str) -> Result<Step, Unavailable> {
        let mut random = [0; 4];
        self.randomness.fill(&mut random);
        let pause = pause_after(claimed.attempts, u32::from_le_bytes(random));
        let retry_at =
            later(self.clock.now(), SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX));
        self.queue.retry(claimed.id, retry_at, reason).await?;
        tracing::warn!(letter = %claimed.id, attempts = claimed.attempts + 1, reason, "letter not sent, trying again later");
        Ok(Step::Retried)
    }

    async fn set_aside(&self, claimed: &ClaimedLetter, reason: &str) -> Result<Step, Unavailable> {
        self.queue.set_aside(claimed.id, self.clock.now(), reason).await?;
        tracing::error!(letter = %claimed.id, occasion = claimed.letter.occasion.name(), reason, "letter set aside");
        Ok(Step::SetAside)
    }
}

/// The pause after a failure that `earlier_attempts` preceded: between half and all of what doubling gives, so
/// that letters which failed together do not all come back together.
fn pause_after(earlier_attempts: u32, random: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(earlier_attempts);
    let whole = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}
