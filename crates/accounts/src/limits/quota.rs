//! How a budget is reckoned: by the generic cell rate algorithm in its form of virtual scheduling (ITU-T I.371, annex A; ATM Forum
//! Traffic Management 4.0, section 4.4.2), which needs one moment per budget. What is called the theoretical arrival time
//! there is the moment at which the budget is full again here.

use crate::ports::Quota;
use crate::service::{earlier, later};
use jiff::{SignedDuration, Timestamp};

impl Quota {
    /// So many within an hour, which come back evenly over an hour; `None` for 0, which stands for no limit.
    pub fn per_hour(number: u32) -> Option<Self> {
        let refill = SignedDuration::from_hours(1).checked_div(i32::try_from(number).unwrap_or(i32::MAX))?;
        Some(Self { burst: number, refill })
    }

    /// Takes one unit at `now` out of a budget that would be full at `full_at`: when it is full then, or after how long
    /// there is a unit again.
    pub fn spend(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, SignedDuration> {
        let full_at = later(self.within(full_at, now), self.refill);
        let allowed = later(now, self.whole());
        if full_at <= allowed { Ok(full_at) } else { Err(full_at.duration_since(allowed)) }
    }

    /// When the budget is full after one unit was put back.
    pub fn give_back(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        earlier(self.within(full_at, now), self.refill)
    }

    /// `full_at` as it can be: not in the past, and no further ahead than an empty budget's, also where a clock was set back or
    /// the budget was larger before.
    fn within(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        full_at.clamp(now, later(now, self.whole()))
    }

    /// How long it takes an empty budget to be full.
    fn whole(self) -> SignedDuration {
        let burst = i32::try_from(self.burst).unwrap_or(i32::MAX);
        self.refill.checked_mul(burst).unwrap_or(SignedDuration::MAX)
    }
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
}
