//! How a budget is reckoned: by the generic cell rate algorithm in its form of virtual scheduling (ITU-T I.371, annex A; ATM Forum
//! Traffic Management 4.0, section 4.4.2), which needs one moment per budget. What is called the theoretical arrival time
//! there is the moment at which the budget is full again here.

use jiff::{SignedDuration, Timestamp};
use square_kernel::Unavailable;

/// Names one budget: a keyed hash of what is counted and for whom, so that stores hold no names and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(pub [u8; 32]);

/// The size of a budget and how fast what was spent comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How much can be spent at once where nothing was spent before; at least 1.
    pub burst: u32,
    /// After how long one unit comes back.
    pub refill: SignedDuration,
}

/// One unit to be taken out of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Which budget.
    pub key: LimitKey,
    /// How large it is.
    pub quota: Quota,
}

/// It was tried too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts, please try again later")]
pub struct TooMany {
    /// After how long it may be tried again, if nobody else takes what comes back.
    pub retry_after: SignedDuration,
}

/// Why something may not be tried.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LimitError {
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Whether it was cannot be found out, so it counts as forbidden.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Quota {
    /// So many within an hour, which come back evenly over an hour; `None` for 0, which stands for no limit.
    pub fn per_hour(number: u32) -> Option<Self> {
        Self::evenly(number, SignedDuration::from_hours(1), number)
    }

    /// So many within a minute on and on, and `burst` of them at once, at least 1; `None` for 0, which stands for no limit.
    pub fn per_minute(number: u32, burst: u32) -> Option<Self> {
        Self::evenly(number, SignedDuration::from_mins(1), burst.max(1))
    }

    fn evenly(number: u32, within: SignedDuration, burst: u32) -> Option<Self> {
        let refill = within.checked_div(i32::try_from(number).unwrap_or(i32::MAX))?;
        Some(Self { burst, refill })
    }

    /// Takes one unit at `now` out of a budget that would be full at `full_at`: when it is full then, or after how long
    /// there is a unit again.
    pub fn spend(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, SignedDuration> {
        self.take(self.within(full_at, now), now)
    }

    /// When the budget is full after one unit was put back.
    pub fn give_back(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        earlier(self.within(full_at, now), self.refill)
    }

    /// As [`Quota::spend`], out of a budget that others may have overdrawn: what they owe is waited for.
    pub fn spend_after_debts(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, SignedDuration> {
        self.take(self.owed(full_at, now), now)
    }

    fn take(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, SignedDuration> {
        let full_at = later(full_at, self.refill);
        let allowed = later(now, self.whole());
        if full_at <= allowed { Ok(full_at) } else { Err(full_at.duration_since(allowed)) }
    }

    /// When the budget is full after so much was taken out of it without asking that it takes `debt` longer. It may then owe as much
    /// as it holds; what goes beyond that is forgiven.
    pub fn owe(self, full_at: Timestamp, now: Timestamp, debt: SignedDuration) -> Timestamp {
        self.owed(later(full_at.max(now), debt), now)
    }

    /// `full_at` as it can be, also where the budget is overdrawn.
    fn owed(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        full_at.clamp(now, later(later(now, self.whole()), self.whole()))
    }

    /// `full_at` as it can be: not in the past, and no further ahead than an empty budget's, also where a clock was set back or
    /// the budget was larger before.
    fn within(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        full_at.clamp(now, later(now, self.whole()))
    }

    /// How long it takes an empty budget to be full.
    fn whole(self) -> SignedDuration {
        self.times(self.burst)
    }

    /// How long it takes until so many have come back.
    fn times(self, units: u32) -> SignedDuration {
        self.refill.checked_mul(i32::try_from(units).unwrap_or(i32::MAX)).unwrap_or(SignedDuration::MAX)
    }
}

/// `at` plus `by`, or the end of time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `at` minus `by`, or the beginning of time.
fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::Clock;
    use square_kernel::testing::ManualClock;

    const QUOTA: Quota = Quota { burst: 3, refill: SignedDuration::from_secs(10) };

    fn now() -> Timestamp {
        ManualClock::default().now()
    }

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    /// Spends at each of these seconds: after how many more there is a unit again, 0 where there was one.
    fn spend_at(moments: &[i64]) -> Vec<i64> {
        let mut full_at = Timestamp::MIN;
        let mut spend = |moment: i64| match QUOTA.spend(full_at, now() + seconds(moment)) {
            Ok(then) => {
                full_at = then;
                0
            }
            Err(wait) => wait.as_secs(),
        };
        moments.iter().map(|moment| spend(*moment)).collect()
    }

    #[test]
    fn the_whole_budget_at_once_and_then_one_by_one() {
        assert_eq!(spend_at(&[0, 0, 0, 0, 9, 10, 10, 19, 20]), [0, 0, 0, 10, 1, 0, 10, 1, 0]);
        assert_eq!(spend_at(&[0, 0, 0, 30, 30, 30, 30]), [0, 0, 0, 0, 0, 0, 10]);
        assert_eq!(spend_at(&[0, 5, 5, 9, 10]), [0, 0, 0, 1, 0], "a refusal costs nothing");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_an_empty_budget() {
        let far = now() + seconds(86_400);
        assert_eq!(QUOTA.spend(far, now()), Err(seconds(10)));
        assert_eq!(QUOTA.give_back(far, now()), now() + seconds(20));
    }

    #[test]
    fn what_is_put_back_can_be_spent_and_a_full_budget_holds_no_more() {
        let full_at = QUOTA.spend(Timestamp::MIN, now()).unwrap();
        assert!(QUOTA.give_back(full_at, now()) <= now());
        let more = QUOTA.give_back(QUOTA.give_back(full_at, now()), now());
        assert_eq!(QUOTA.spend(more, now()), Ok(full_at));
    }

    #[test]
    fn so_many_an_hour_and_none_for_no_limit() {
        assert_eq!(Quota::per_hour(0), None);
        assert_eq!(Quota::per_hour(20), Some(Quota { burst: 20, refill: SignedDuration::from_mins(3) }));
        for number in [1, 7, u32::MAX] {
            let quota = Quota::per_hour(number).unwrap();
            assert!(quota.spend(Timestamp::MIN, now()).is_ok(), "{number}");
        }
    }

    #[test]
    fn so_many_a_minute_and_some_at_once() {
        assert_eq!(Quota::per_minute(0, 5), None);
        let quota = Quota { burst: 5, refill: SignedDuration::from_secs(1) };
        assert_eq!(Quota::per_minute(60, 5), Some(quota));
        assert_eq!(Quota::per_minute(60, 0), Some(Quota { burst: 1, ..quota }));
    }

    #[test]
    fn what_was_overdrawn_is_paid_back_up_to_as_much_as_the_budget_holds() {
        let empty = QUOTA.owe(Timestamp::MIN, now(), seconds(30));
        assert_eq!(empty, now() + seconds(30));
        let spend = |full_at, later| QUOTA.spend_after_debts(full_at, now() + seconds(later));
        assert_eq!(spend(empty, 0), Err(seconds(10)));
        assert_eq!(spend(empty, 10), Ok(now() + seconds(40)));
        let overdrawn = QUOTA.owe(empty, now(), seconds(20));
        assert_eq!(spend(overdrawn, 0), Err(seconds(30)));
        assert_eq!(spend(overdrawn, 29), Err(seconds(1)));
        assert_eq!(spend(overdrawn, 30), Ok(now() + seconds(60)));
        let by_far = QUOTA.owe(overdrawn, now(), SignedDuration::MAX);
        assert_eq!(spend(by_far, 0), Err(seconds(40)), "no more is remembered");
    }
}
