//! Rules of [`crate::ports::Limits`].

use super::{CALLS, Samples, Stores, at_once};
use crate::ports::{Charge, LimitKey, Quota, Spent};
use jiff::SignedDuration;

/// Makes a test of every rule on budgets; see [`crate::testing::contract`].
#[macro_export]
macro_rules! limits_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            limits,
            $make,
            [
                a_budget_can_be_spent_at_once_and_comes_back_bit_by_bit,
                several_budgets_are_charged_all_or_none,
                what_was_given_back_can_be_spent_again,
                budgets_that_are_full_again_are_forgotten_a_few_at_a_time,
                of_many_at_once_exactly_as_many_pass_as_the_budget_holds,
                of_many_at_once_on_several_budgets_the_smallest_decides,
                what_many_give_back_at_once_is_all_there,
            ]
        );
    };
}

/// A budget of `burst`, of which one comes back every ten seconds.
fn charge(key: u8, burst: u32) -> Charge {
    Charge { key: LimitKey([key; 32]), quota: Quota { burst, refill: SignedDuration::from_secs(10) } }
}

async fn spend(stores: &Stores, charges: &[Charge], seconds: i64) -> Spent {
    stores.limits.spend(charges, Samples::default().at(seconds)).await.expect("asked")
}

/// After so many seconds there is one again.
fn refused(seconds: i64) -> Spent {
    Spent::Refused { retry_after: SignedDuration::from_secs(seconds) }
}

/// To the microsecond, and nobody else's budget suffers.
pub async fn a_budget_can_be_spent_at_once_and_comes_back_bit_by_bit(stores: &Stores) {
    let some = [charge(1, 3)];
    for _ in 0..3 {
        assert_eq!(spend(stores, &some, 0).await, Spent::All);
    }
    assert_eq!(spend(stores, &some, 0).await, refused(10));
    assert_eq!(spend(stores, &[charge(2, 3)], 0).await, Spent::All);
    let moment = SignedDuration::from_micros(1);
    let nearly = Samples::default().at(10) - moment;
    let early = stores.limits.spend(&some, nearly).await.expect("asked");
    assert_eq!(early, Spent::Refused { retry_after: moment });
    assert_eq!(spend(stores, &some, 10).await, Spent::All);
    assert_eq!(spend(stores, &some, 10).await, refused(10));
    for _ in 0..3 {
        assert_eq!(spend(stores, &some, 40).await, Spent::All);
    }
    assert_eq!(spend(stores, &some, 40).await, refused(10));
}

/// Who is refused by one is told of the longest wait, and the others keep what they have. No budget is no limit.
pub async fn several_budgets_are_charged_all_or_none(stores: &Stores) {
    assert_eq!(spend(stores, &[], 0).await, Spent::All);
    let (small, large) = (charge(1, 1), charge(2, 2));
    assert_eq!(spend(stores, &[large, small], 0).await, Spent::All);
    for order in [[small, large], [large, small]] {
        assert_eq!(spend(stores, &order, 4).await, refused(6));
    }
    assert_eq!(spend(stores, &[large], 4).await, Spent::All);
    assert_eq!(spend(stores, &[large], 4).await, refused(6));
    assert_eq!(spend(stores, &[charge(3, 1), small, large], 10).await, Spent::All);
    assert_eq!(spend(stores, &[charge(3, 1)], 10).await, refused(10));
}

/// Nothing becomes more than full, and what nobody knows stays unknown.
pub async fn what_was_given_back_can_be_spent_again(stores: &Stores) {
    let samples = Samples::default();
    let some = [charge(1, 1)];
    let give_back = || stores.limits.give_back(&some, samples.now());
    give_back().await.expect("asked");
    assert_eq!(stores.limits.forget_full(samples.at(1000), 10).await.expect("asked"), 0);
    assert_eq!(spend(stores, &some, 0).await, Spent::All);
    assert_eq!(spend(stores, &some, 0).await, refused(10));
    for _ in 0..3 {
        give_back().await.expect("asked");
    }
    assert_eq!(spend(stores, &some, 0).await, Spent::All);
    assert_eq!(spend(stores, &some, 0).await, refused(10));
}

/// Those that are not full yet stay.
pub async fn budgets_that_are_full_again_are_forgotten_a_few_at_a_time(stores: &Stores) {
    let samples = Samples::default();
    for key in 0..3 {
        assert_eq!(spend(stores, &[charge(key, 1)], 0).await, Spent::All);
    }
    assert_eq!(spend(stores, &[charge(3, 1)], 1).await, Spent::All);
    let forget = async |seconds| stores.limits.forget_full(samples.at(seconds), 2).await.expect("asked");
    assert_eq!(forget(9).await, 0);
    assert_eq!((forget(10).await, forget(10).await, forget(10).await), (2, 1, 0));
    assert_eq!(spend(stores, &[charge(3, 1)], 10).await, refused(1));
    assert_eq!(spend(stores, &[charge(0, 1)], 10).await, Spent::All);
}

/// Nobody knew the budget before.
pub async fn of_many_at_once_exactly_as_many_pass_as_the_budget_holds(stores: &Stores) {
    let spent = at_once(|_| {
        let stores = stores.clone();
        async move { spend(&stores, &[charge(1, 5)], 0).await }
    });
    let spent = spent.await;
    assert_eq!(spent.iter().filter(|spent| **spent == Spent::All).count(), 5);
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
    assert_eq!(spent.await.into_iter().filter(|spent| *spent == Spent::All).count(), 7);
    for large in [budgets[0], budgets[2]] {
        for _ in 0..33 {
            assert_eq!(spend(stores, &[large], 0).await, Spent::All);
        }
        assert_eq!(spend(stores, &[large], 0).await, refused(10));
    }
}

/// Also beside those who spend.
pub async fn what_many_give_back_at_once_is_all_there(stores: &Stores) {
    let samples = Samples::default();
    let (burst, now) = (u32::try_from(CALLS).expect("a small number"), samples.now());
    let some = [charge(1, 2 * burst)];
    for _ in 0..2 * CALLS {
        assert_eq!(spend(stores, &some, 0).await, Spent::All);
    }
    at_once(|_| {
        let stores = stores.clone();
        async move {
            stores.limits.give_back(&some, now).await.expect("asked");
            assert_eq!(spend(&stores, &some, 0).await, Spent::All);
            stores.limits.give_back(&some, now).await.expect("asked");
        }
    })
    .await;
    for _ in 0..CALLS {
        assert_eq!(spend(stores, &some, 0).await, Spent::All);
    }
    assert_eq!(spend(stores, &some, 0).await, refused(10));
}
