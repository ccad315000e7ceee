//! When a breaker opens and closes: what is decided, without anything that waits or calls.

use crate::SkillFailure;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerPolicy {
    /// So many failures in a row open it, at least 1.
    pub failures_in_row: u32,
    /// So large a share, above 0, of the last [`BreakerPolicy::WINDOW`] questions open it too, once
    /// [`BreakerPolicy::LEAST`] were asked.
    pub failure_share: f64,
    /// After how long it is first looked whether the skill is back. Each further pause is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// An answer that is given up after this long, because the question's time is over, is a failure of the skill; one
    /// that is given up earlier says nothing about it.
    pub patience: Duration,
}

impl BreakerPolicy {
    /// Of how many questions the share of failures is taken.
    pub const WINDOW: usize = 20;
    /// Of fewer questions no share is taken.
    pub const LEAST: usize = 10;
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures_in_row: 3,
            failure_share: 0.5,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(5),
            patience: Duration::from_secs(3),
        }
    }
}

/// What a question to the skill says about the skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works.
    Good,
    /// It does not.
    Bad,
    /// Nothing: it was not asked, or the fault is elsewhere.
    None,
}

impl Verdict {
    pub(super) fn of<T>(answer: &Result<T, SkillFailure>) -> Self {
        match answer {
            // The skill takes offence at the question; a better one may be answered.
            Ok(_) | Err(SkillFailure::Status(400 | 413 | 414 | 422)) => Self::Good,
            Err(
                SkillFailure::TimedOut
                | SkillFailure::NoFirstByte(_)
                | SkillFailure::Idle(_)
                | SkillFailure::UnknownHost
                | SkillFailure::Unreachable
                | SkillFailure::Tls
                | SkillFailure::Status(_)
                | SkillFailure::TooLarge(_)
                | SkillFailure::Malformed(_)
                | SkillFailure::Reported(_),
            ) => Self::Bad,
            Err(
                SkillFailure::AddressNotAllowed
                | SkillFailure::BreakerOpen { .. }
                | SkillFailure::Busy(_)
                | SkillFailure::RateLimited { .. }
                | SkillFailure::Cancelled
                | SkillFailure::Internal,
            ) => Self::None,
        }
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Every question.
    Closed,
    /// None, until it is looked at `until`.
    Open { until: Instant, shown: Timestamp },
    /// One, the trial; whether that is under way.
    HalfOpen { trial: bool },
}

/// A breaker's memory.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) phase: Phase,
    /// Grows with every change of the phase: what began before says nothing any more.
    pub(super) epoch: u64,
    pub(super) reason: Arc<str>,
    /// How long the present or the next pause is.
    pub(super) pause: Duration,
    in_row: u32,
    recent: VecDeque<bool>,
}

impl Memory {
    pub(super) fn new(policy: &BreakerPolicy) -> Self {
        Self {
            phase: Phase::Closed,
            epoch: 0,
            reason: Arc::default(),
            pause: policy.first_pause,
            in_row: 0,
            recent: VecDeque::with_capacity(BreakerPolicy::WINDOW),
        }
    }

    /// Notes the outcome of a question while closed; gives the reason to open where that is to be done.
    pub(super) fn note(
        &mut self,
        policy: &BreakerPolicy,
        failure: Option<&SkillFailure>,
    ) -> Option<Arc<str>> {
        if self.recent.len() == BreakerPolicy::WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(failure.is_some());
        self.in_row = if failure.is_some() { self.in_row + 1 } else { 0 };
        let failure = failure?;
        if self.in_row >= policy.failures_in_row {
            return Some(format!("it failed {} times in a row, at last: {failure}", self.in_row).into());
        }
        let (failed, asked) = (self.recent.iter().filter(|failed| **failed).count(), self.recent.len());
        let many = asked >= BreakerPolicy::LEAST && share(failed, asked) >= policy.failure_share;
        many.then(|| format!("it failed {failed} of the last {asked} times, at last: {failure}").into())
    }

    /// Lets nothing through until `until`.
    pub(super) fn open(&mut self, reason: Arc<str>, until: Instant, shown: Timestamp) {
        (self.reason, self.phase) = (reason, Phase::Open { until, shown });
        self.epoch += 1;
    }

    /// Lets one question through.
    pub(super) fn half_open(&mut self) {
        self.phase = Phase::HalfOpen { trial: false };
        self.epoch += 1;
    }

    /// Lets everything through, and forgets what was.
    pub(super) fn close(&mut self, policy: &BreakerPolicy) {
        *self = Self { epoch: self.epoch + 1, ..Self::new(policy) };
    }

    /// Makes the next pause twice as long.
    pub(super) fn lengthen(&mut self, policy: &BreakerPolicy) {
        self.pause = policy.longest_pause.min(self.pause * 2);
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most as many as the window has places")]
fn share(failed: usize, asked: usize) -> f64 {
    failed as f64 / asked as f64
}
