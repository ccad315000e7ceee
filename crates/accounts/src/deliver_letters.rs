use crate::letter::ClaimedLetter;
use crate::ports::{LetterQueue, PostError, Postman};
use crate::service::{earlier, in_batches, later};
use jiff::SignedDuration;
use square_kernel::{Clock, Randomness, Unavailable};
use std::sync::Arc;
use std::time::Duration;

/// For so long a claimed letter is nobody else's: well beyond [`SEND_LIMIT`].
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// A postman who takes longer has failed.
const SEND_LIMIT: Duration = Duration::from_mins(1);

/// So often a letter is tried before it is set aside: with the pauses below, over about two days.
const MAX_ATTEMPTS: u32 = 60;

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// For so long it can be looked up that a letter was sent.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

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

    /// Deletes what is left of letters that were sent more than 30 days ago; tells how many.
    pub async fn forget_sent(&self) -> Result<u32, Unavailable> {
        let before = earlier(self.clock.now(), KEPT);
        in_batches(|at_most| self.queue.forget_sent(before, at_most)).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::{Letter, LetterId};
    use crate::testing::{MemoryAccounts, RecordingPostman, TestAccounts};
    use async_trait::async_trait;
    use jiff::Timestamp;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    mockall::mock! {
        Queue {}
        #[async_trait]
        impl LetterQueue for Queue {
            async fn claim(
                &self,
                now: Timestamp,
                lease_until: Timestamp,
            ) -> Result<Option<ClaimedLetter>, Unavailable>;
            async fn sent(&self, id: LetterId, at: Timestamp) -> Result<(), Unavailable>;
            async fn retry(&self, id: LetterId, retry_at: Timestamp, reason: &str) -> Result<(), Unavailable>;
            async fn set_aside(&self, id: LetterId, at: Timestamp, reason: &str) -> Result<(), Unavailable>;
            async fn forget_sent(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
        }
    }

    struct Office {
        delivery: LetterDelivery,
        postman: Arc<RecordingPostman>,
        clock: Arc<ManualClock>,
        store: Arc<MemoryAccounts>,
    }

    fn delivery(
        queue: Arc<dyn LetterQueue>,
        postman: Arc<dyn Postman>,
        clock: Arc<ManualClock>,
    ) -> LetterDelivery {
        LetterDelivery::new(queue, postman, clock, Arc::new(SeededRandomness::default()))
    }

    /// With one letter in the queue.
    async fn office() -> Office {
        let test = TestAccounts::default();
        test.register("ada").await;
        let postman = Arc::new(RecordingPostman::default());
        let delivery = delivery(test.store.clone(), postman.clone(), test.clock.clone());
        Office { delivery, postman, clock: test.clock, store: test.store }
    }

    fn temporary() -> PostError {
        PostError::Temporary("the server is asleep".to_owned())
    }

    #[tokio::test]
    async fn a_letter_goes_out_once() {
        let office = office().await;
        assert_eq!(office.delivery.step().await.unwrap(), Step::Sent);
        assert_eq!(office.delivery.step().await.unwrap(), Step::Idle);
        office.clock.advance(SignedDuration::from_hours(24));
        assert_eq!(office.delivery.step().await.unwrap(), Step::Idle);
        let sent = office.postman.sent();
        assert_eq!((sent.len(), &sent[0].1.to), (1, &TestAccounts::email("ada")));
    }

    #[tokio::test]
    async fn a_letter_is_forgotten_a_month_after_it_was_sent() {
        let office = office().await;
        office.clock.advance(KEPT * 2);
        assert_eq!(office.delivery.forget_sent().await.unwrap(), 0, "it was not sent yet");
        office.delivery.step().await.unwrap();
        office.clock.advance(KEPT);
        assert_eq!(office.delivery.forget_sent().await.unwrap(), 0);
        office.clock.advance(SignedDuration::from_micros(1));
        assert_eq!(office.delivery.forget_sent().await.unwrap(), 1);
        assert!(office.store.letters().is_empty());
    }

    #[tokio::test]
    async fn a_failed_letter_goes_out_when_its_pause_is_over() {
        let office = office().await;
        office.postman.fail_next(temporary());
        assert_eq!(office.delivery.step().await.unwrap(), Step::Retried);
        office.clock.advance(SignedDuration::from_millis(499));
        assert_eq!(office.delivery.step().await.unwrap(), Step::Idle);
        office.clock.advance(SignedDuration::from_millis(501));
        assert_eq!(office.delivery.step().await.unwrap(), Step::Sent);
    }

    #[tokio::test]
    async fn a_letter_that_keeps_failing_is_set_aside_at_the_last_try() {
        let office = office().await;
        for attempt in 1..=MAX_ATTEMPTS {
            office.postman.fail_next(temporary());
            let step = office.delivery.step().await.unwrap();
            assert_eq!(
                step,
                if attempt < MAX_ATTEMPTS { Step::Retried } else { Step::SetAside },
                "{attempt}"
            );
            office.clock.advance(SignedDuration::from_hours(1));
        }
        assert_eq!(office.delivery.step().await.unwrap(), Step::Idle);
        assert!(office.postman.sent().is_empty());
    }

    #[tokio::test]
    async fn a_letter_refused_for_good_is_set_aside_at_once() {
        let office = office().await;
        office.postman.fail_next(PostError::Permanent("no such mailbox".to_owned()));
        assert_eq!(office.delivery.step().await.unwrap(), Step::SetAside);
        office.clock.advance(SignedDuration::from_hours(24));
        assert_eq!(office.delivery.step().await.unwrap(), Step::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_postman_who_hangs_has_failed_before_the_lease_ends() {
        struct Hanging;
        #[async_trait]
        impl Postman for Hanging {
            async fn send(&self, _id: LetterId, _letter: &Letter) -> Result<(), PostError> {
                std::future::pending().await
            }
        }
        let office = office().await;
        let delivery = delivery(office.store.clone(), Arc::new(Hanging), office.clock.clone());
        let begin = tokio::time::Instant::now();
        assert_eq!(delivery.step().await.unwrap(), Step::Retried);
        assert!(begin.elapsed() < LEASE.unsigned_abs());
    }

    #[tokio::test]
    async fn a_letter_whose_sending_could_not_be_noted_is_an_error() {
        let office = office().await;
        let claimed = office.store.claim(office.clock.now(), Timestamp::MAX).await.unwrap();
        let mut queue = MockQueue::new();
        queue.expect_claim().return_once(move |_, _| Ok(claimed));
        queue.expect_sent().times(1).returning(|_, _| Err(Unavailable::new("the disk is full")));
        let delivery = delivery(Arc::new(queue), office.postman.clone(), office.clock.clone());
        assert!(delivery.step().await.is_err());
        assert_eq!(office.postman.sent().len(), 1);
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_are_shortened_by_half_at_most() {
        for (earlier, whole) in
            [(0, 1), (1, 2), (10, 1024), (11, 2048), (12, 3600), (40, 3600), (u32::MAX, 3600)]
        {
            let whole = Duration::from_secs(whole);
            assert_eq!(pause_after(earlier, u32::MAX), whole);
            assert_eq!(pause_after(earlier, 0), whole / 2);
            let between = pause_after(earlier, u32::MAX / 2);
            assert!(whole / 2 < between && between < whole);
        }
    }
}
