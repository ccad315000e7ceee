//! What every implementation of [`Limits`] and [`Pool`] has to do: one function per rule of [`crate::ports`].
//!
//! The suite runs as a whole by its macro, each rule as a test on a store of its own:
//!
//! ```text
//! square_limits::limits_contract!(fresh_store());
//! ```
//!
//! The argument is an async expression that gives `(Stores, guard)`, a store that knows no budget; the guard (a temporary folder,
//! say) is held while the rule runs. A new rule is written here and added to the macro, and from then on holds everywhere.

use crate::ports::{Limits, Pool, Told, Used};
use crate::{Charge, LimitKey, Quota, TooMany};
use jiff::{SignedDuration, Timestamp};
use square_kernel::Clock;
use square_kernel::testing::ManualClock;
use std::sync::Arc;

/// One database.
#[derive(Clone)]
pub struct Stores {
    /// Budgets that are spent in it.
    pub limits: Arc<dyn Limits>,
    /// Those that are spent elsewhere.
    pub pool: Arc<dyn Pool>,
}

impl Stores {
    /// One store that implements both ports.
    pub fn of<S: Limits + Pool + 'static>(store: &Arc<S>) -> Self {
        Self { limits: store.clone(), pool: store.clone() }
    }
}

/// How many calls the rules on concurrency make at once.
const CALLS: usize = 32;

/// What came of [`CALLS`] calls made at once.
async fn at_once<T, F>(call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let calls: Vec<_> = (0..CALLS).map(|number| tokio::spawn(call(number))).collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.expect("a call panicked"));
    }
    results
}

/// So many seconds after the beginning.
fn at(seconds: i64) -> Timestamp {
    ManualClock::default().now() + SignedDuration::from_secs(seconds)
}

/// Makes a test of every rule on budgets.
#[macro_export]
macro_rules! limits_contract {
    ($make:expr) => {
        $crate::limits_contract!($make, [
            a_budget_can_be_spent_at_once_and_comes_back_bit_by_bit,
            several_budgets_are_charged_all_or_none,
            what_was_given_back_can_be_spent_again,
            budgets_that_are_full_again_are_forgotten_a_few_at_a_time,
            of_many_at_once_exactly_as_many_pass_as_the_budget_holds,
            of_many_at_once_on_several_budgets_the_smallest_decides,
            what_many_give_back_at_once_is_all_there,
            what_was_used_is_told_to_all_and_to_each_once,
            what_many_add_at_once_is_all_there_and_nobody_misses_any,
            a_budget_owes_no_more_than_it_holds_and_one_that_is_full_is_not_told,
        ]);
    };
    ($make:expr, [$($rule:ident),* $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (stores, _guard) = $make.await;
                $crate::testing::contract::$rule(&stores).await;
            }
        )*
    };
}

/// A budget of `burst`, of which one comes back every ten seconds.
fn charge(key: u8, burst: u32) -> Charge {
    Charge { key: LimitKey([key; 32]), quota: Quota { burst, refill: SignedDuration::from_secs(10) } }
}

async fn spend(stores: &Stores, charges: &[Charge], seconds: i64) -> Result<(), TooMany> {
    stores.limits.spend(charges, at(seconds)).await.expect("asked")
}

/// After so many seconds there is one again.
fn refused(seconds: i64) -> Result<(), TooMany> {
    Err(TooMany { retry_after: SignedDuration::from_secs(seconds) })
}

/// To the microsecond, and nobody else's budget suffers.
pub async fn a_budget_can_be_spent_at_once_and_comes_back_bit_by_bit(stores: &Stores) {
    let some = [charge(1, 3)];
    for _ in 0..3 {
        assert_eq!(spend(stores, &some, 0).await, Ok(()));
    }
    assert_eq!(spend(stores, &some, 0).await, refused(10));
    assert_eq!(spend(stores, &[charge(2, 3)], 0).await, Ok(()));
    let moment = SignedDuration::from_micros(1);
    let nearly = at(10) - moment;
    let early = stores.limits.spend(&some, nearly).await.expect("asked");
    assert_eq!(early, Err(TooMany { retry_after: moment }));
    assert_eq!(spend(stores, &some, 10).await, Ok(()));
    assert_eq!(spend(stores, &some, 10).await, refused(10));
    for _ in 0..3 {
        assert_eq!(spend(stores, &some, 40).await, Ok(()));
    }
    assert_eq!(spend(stores, &some, 40).await, refused(10));
}

/// Who is refused by one is told of the longest wait, and the others keep what they have. No budget is no limit.
pub async fn several_budgets_are_charged_all_or_none(stores: &Stores) {
    assert_eq!(spend(stores, &[], 0).await, Ok(()));
    let (small, large) = (charge(1, 1), charge(2, 2));
    assert_eq!(spend(stores, &[large, small], 0).await, Ok(()));
    for order in [[small, large], [large, small]] {
        assert_eq!(spend(stores, &order, 4).await, refused(6));
    }
    assert_eq!(spend(stores, &[large], 4).await, Ok(()));
    assert_eq!(spend(stores, &[large], 4).await, refused(6));
    assert_eq!(spend(stores, &[charge(3, 1), small, large], 10).await, Ok(()));
    assert_eq!(spend(stores, &[charge(3, 1)], 10).await, refused(10));
}

/// Nothing becomes more than full, and what nobody knows stays unknown.
pub async fn what_was_given_back_can_be_spent_again(stores: &Stores) {
    let some = [charge(1, 1)];
    let give_back = || stores.limits.give_back(&some, at(0));
    give_back().await.expect("asked");
    assert_eq!(stores.limits.forget_full(at(1000), 10).await.expect("asked"), 0);
    assert_eq!(spend(stores, &some, 0).await, Ok(()));
    assert_eq!(spend(stores, &some, 0).await, refused(10));
    for _ in 0..3 {
        give_back().await.expect("asked");
    }
    assert_eq!(spend(stores, &some, 0).await, Ok(()));
    assert_eq!(spend(stores, &some, 0).await, refused(10));
}

/// Those that are not full yet stay.
pub async fn budgets_that_are_full_again_are_forgotten_a_few_at_a_time(stores: &Stores) {
    for key in 0..3 {
        assert_eq!(spend(stores, &[charge(key, 1)], 0).await, Ok(()));
    }
    assert_eq!(spend(stores, &[charge(3, 1)], 1).await, Ok(()));
    let forget = async |seconds| stores.limits.forget_full(at(seconds), 2).await.expect("asked");
    assert_eq!(forget(9).await, 0);
    assert_eq!((forget(10).await, forget(10).await, forget(10).await), (2, 1, 0));
    assert_eq!(spend(stores, &[charge(3, 1)], 10).await, refused(1));
    assert_eq!(spend(stores, &[charge(0, 1)], 10).await, Ok(()));
}

/// Nobody knew the budget before.
pub async fn of_many_at_once_exactly_as_many_pass_as_the_budget_holds(stores: &Stores) {
    let spent = at_once(|_| {
        let stores = stores.clone();
        async move { spend(&stores, &[charge(1, 5)], 0).await }
    });
    let spent = spent.await;
    assert_eq!(spent.iter().filter(|spent| **spent == Ok(())).count(), 5);
    assert_eq!(spent.iter().filter(|spent| **spent == refused(10)).count(), CALLS - 5);
    assert_eq!(spend(stores, &[charge(1, 5)], 0).await, refused(10));
}

/// Whatever order they are named in; who was refused has charged none.
pub async fn of_many_at_once_on_several_budgets_the_smallest_decides(stores: &Stores) {
    let budgets = [charge(1, 40), charge(2, 7), charge(3, 40)];
    let spent = at_once(|call| {
        let stores = stores.clone();
        let mut budgets = budgets;
        budgets.rotate_left(call % 3);
        async move { spend(&stores, &budgets, 0).await }
    });
    assert_eq!(spent.await.into_iter().filter(|spent| *spent == Ok(())).count(), 7);
    for large in [budgets[0], budgets[2]] {
        for _ in 0..33 {
            assert_eq!(spend(stores, &[large], 0).await, Ok(()));
        }
        assert_eq!(spend(stores, &[large], 0).await, refused(10));
    }
}

/// Also beside those who spend.
pub async fn what_many_give_back_at_once_is_all_there(stores: &Stores) {
    let (burst, now) = (u32::try_from(CALLS).expect("a small number"), at(0));
    let some = [charge(1, 2 * burst)];
    for _ in 0..2 * CALLS {
        assert_eq!(spend(stores, &some, 0).await, Ok(()));
    }
    at_once(|_| {
        let stores = stores.clone();
        async move {
            stores.limits.give_back(&some, now).await.expect("asked");
            assert_eq!(spend(&stores, &some, 0).await, Ok(()));
            stores.limits.give_back(&some, now).await.expect("asked");
        }
    })
    .await;
    for _ in 0..CALLS {
        assert_eq!(spend(stores, &some, 0).await, Ok(()));
    }
    assert_eq!(spend(stores, &some, 0).await, refused(10));
}

fn used(key: u8, burst: u32, units: u32) -> Used {
    let Charge { key, quota } = charge(key, burst);
    Used { key, quota, debt: SignedDuration::from_secs(10 * i64::from(units)) }
}

async fn exchange(stores: &Stores, used: &[Used], number: u64, seconds: i64) -> Told {
    stores.pool.exchange(used, number, at(seconds)).await.expect("asked")
}

/// Full again after so many seconds.
fn told(key: u8, seconds: i64) -> (LimitKey, Timestamp) {
    (LimitKey([key; 32]), at(seconds))
}

/// From the beginning on for who comes later; who was told is told no more.
pub async fn what_was_used_is_told_to_all_and_to_each_once(stores: &Stores) {
    assert_eq!(exchange(stores, &[], 0, 0).await.budgets, []);
    let first = exchange(stores, &[used(1, 9, 2)], 0, 0).await;
    assert_eq!(first.budgets, [told(1, 20)]);
    assert_eq!(exchange(stores, &[], first.number, 0).await, Told { budgets: Vec::new(), ..first });
    let mut second = exchange(stores, &[used(2, 9, 1), used(1, 9, 1)], 0, 5).await;
    second.budgets.sort_unstable();
    assert_eq!(second.budgets, [told(1, 30), told(2, 15)]);
    let mut third = exchange(stores, &[used(3, 9, 1)], first.number, 5).await;
    third.budgets.sort_unstable();
    assert_eq!(third.budgets, [told(1, 30), told(2, 15), told(3, 15)]);
    assert_eq!(exchange(stores, &[], second.number, 5).await.budgets, [told(3, 15)]);
    // What is spent in the database by others is none of it.
    assert_eq!(spend(stores, &[charge(4, 1)], 5).await, Ok(()));
    assert_eq!(exchange(stores, &[], third.number, 5).await.budgets, []);
}

/// Whoever goes on from the number that came with an answer.
pub async fn what_many_add_at_once_is_all_there_and_nobody_misses_any(stores: &Stores) {
    let heard = at_once(|call| {
        let stores = stores.clone();
        async move {
            let own = u8::try_from(call).expect("a small number") + 2;
            let first = exchange(&stores, &[used(1, 100, 1), used(own, 100, 1)], 0, 0).await;
            let mut heard = first.budgets;
            let mut number = first.number;
            for _ in 0..3 {
                let next = exchange(&stores, &[used(1, 100, 1)], number, 0).await;
                heard.extend(next.budgets);
                number = next.number;
            }
            (heard, number)
        }
    });
    let whole = i64::try_from(CALLS).expect("a small number") * 4 * 10;
    for (mut heard, number) in heard.await {
        heard.extend(exchange(stores, &[], number, 0).await.budgets);
        heard.sort_unstable();
        let mut keys: Vec<_> = heard.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        assert_eq!(keys.len(), 1 + CALLS);
        let of_all = heard.iter().filter(|(key, _)| *key == LimitKey([1; 32]));
        assert_eq!(of_all.map(|(_, full_at)| *full_at).max(), Some(at(whole)));
    }
}

/// Whatever is added to it.
pub async fn a_budget_owes_no_more_than_it_holds_and_one_that_is_full_is_not_told(stores: &Stores) {
    let first = exchange(stores, &[used(1, 3, 50)], 0, 0).await;
    assert_eq!(first.budgets, [told(1, 60)]);
    assert_eq!(exchange(stores, &[], 0, 59).await.budgets, [told(1, 60)]);
    assert_eq!(exchange(stores, &[], 0, 60).await.budgets, []);
    assert_eq!(stores.limits.forget_full(at(60), 10).await.expect("asked"), 1);
    assert_eq!(exchange(stores, &[used(1, 3, 1)], first.number, 60).await.budgets, [told(1, 70)]);
}

#[cfg(test)]
mod tests {
    use super::Stores;
    use crate::testing::MemoryLimits;
    use std::sync::Arc;

    crate::limits_contract!(std::future::ready((Stores::of(&Arc::new(MemoryLimits::default())), ())));

    #[test]
    fn the_suite_holds_every_rule() {
        let source = include_str!("contract.rs");
        let (_, list) = source.split_once("($make, [\n").unwrap();
        let (list, _) = list.split_once(']').unwrap();
        let listed: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let rules = source.split("\npub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
        assert_eq!(listed, rules.collect::<Vec<_>>());
    }
}
