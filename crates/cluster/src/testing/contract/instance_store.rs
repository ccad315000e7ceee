//! Rules of [`crate::ports::InstanceStore`].

use super::{CALLS, Samples, WORKS, at_once};
use crate::InstanceId;
use crate::ports::{Beat, InstanceStore};
use std::sync::Arc;

/// Makes a test of every rule; see [`crate::testing::contract`].
#[macro_export]
macro_rules! instance_store_contract {
    ($make:expr) => {
        $crate::instance_store_contract!(@each $make, [
            nobody_is_on_the_list_at_first,
            an_instance_is_listed_with_its_first_beat_and_counts_on,
            no_beat_of_many_is_lost,
            many_instances_come_at_once,
            an_instance_that_stands_still_is_struck_off,
            an_instance_that_has_counted_on_is_not_struck_off,
            one_of_many_strikes_off,
            an_instance_that_counts_while_it_is_struck_off_is_listed,
            an_instance_that_was_struck_off_comes_back,
            an_instance_that_leaves_is_off_the_list,
            a_duty_stays_with_who_took_it_first,
            one_of_many_gets_a_duty,
            an_instance_may_claim_at_once_what_it_has,
            many_take_different_duties,
            nobody_off_the_list_gets_a_duty,
            the_duties_of_the_dead_are_free,
            one_of_many_takes_over_a_duty,
            the_duties_of_who_leaves_are_free,
            the_duties_of_others_are_not_touched,
            no_call_of_many_different_ones_fails,
        ]);
    };
    (@each $make:expr, [$($rule:ident),* $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (store, _guard) = $make.await;
                $crate::testing::contract::instance_store::$rule(&store).await;
            }
        )*
    };
}

/// So nobody can be struck off, either.
pub async fn nobody_is_on_the_list_at_first(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    assert_eq!(samples.beats().await, []);
    assert!(!samples.strike_off(Beat { instance: samples.stranger(), beats: 0 }).await);
}

/// Each on its own.
pub async fn an_instance_is_listed_with_its_first_beat_and_counts_on(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (one, other) = (samples.listed().await, samples.listed().await);
    assert_eq!(samples.beats().await.len(), 2);
    let (first, of_other) = (samples.seen(one).await, samples.seen(other).await);
    for further in 1..=3 {
        samples.beat(one).await;
        let beats = first.expect("listed").beats + further;
        assert_eq!(samples.seen(one).await, Some(Beat { instance: one, beats }));
    }
    assert_eq!(samples.seen(other).await, of_other);
}

/// Also where the first ones are among them.
pub async fn no_beat_of_many_is_lost(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (once, often) = (samples.listed().await, samples.stranger());
    at_once(|_| {
        let store = Arc::clone(store);
        async move { store.beat(often).await.expect(WORKS) }
    })
    .await;
    let first = samples.seen(once).await.expect("listed").beats;
    assert_eq!(samples.seen(often).await.expect("listed").beats, first + CALLS as u64 - 1);
}

/// Each of them is listed.
pub async fn many_instances_come_at_once(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let mut all: Vec<InstanceId> = (0..CALLS).map(|_| samples.stranger()).collect();
    at_once(|call| {
        let (store, instance) = (Arc::clone(store), all[call]);
        async move { store.beat(instance).await.expect(WORKS) }
    })
    .await;
    let mut listed: Vec<InstanceId> = samples.beats().await.iter().map(|beat| beat.instance).collect();
    listed.sort_unstable();
    all.sort_unstable();
    assert_eq!(listed, all);
}

/// Once.
pub async fn an_instance_that_stands_still_is_struck_off(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (dead, living) = (samples.listed().await, samples.listed().await);
    let seen = samples.seen(dead).await.expect("listed");
    assert!(samples.strike_off(seen).await);
    assert!(!samples.strike_off(seen).await);
    assert!(!samples.is_listed(dead).await);
    assert!(samples.is_listed(living).await);
}

/// Its duties stay its own.
pub async fn an_instance_that_has_counted_on_is_not_struck_off(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (living, other) = (samples.listed().await, samples.listed().await);
    assert!(samples.take("letters", living).await);
    let seen = samples.seen(living).await.expect("listed");
    samples.beat(living).await;
    for beats in [seen.beats, seen.beats + 2] {
        assert!(!samples.strike_off(Beat { instance: living, beats }).await);
    }
    assert!(samples.is_listed(living).await);
    assert!(!samples.take("letters", other).await);
}

/// All others are told that they did not.
pub async fn one_of_many_strikes_off(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let dead = samples.listed().await;
    let seen = samples.seen(dead).await.expect("listed");
    let struck = at_once(|_| {
        let store = Arc::clone(store);
        async move { store.strike_off(seen).await.expect(WORKS) }
    });
    assert_eq!(struck.await.into_iter().filter(|struck| *struck).count(), 1);
    assert!(!samples.is_listed(dead).await);
}

/// Either it was not still any more, or it came back.
pub async fn an_instance_that_counts_while_it_is_struck_off_is_listed(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let instance = samples.listed().await;
    // So many that it does not get to the same number once more.
    for _ in 0..CALLS {
        samples.beat(instance).await;
    }
    let seen = samples.seen(instance).await.expect("listed");
    let struck = at_once(|call| {
        let store = Arc::clone(store);
        async move {
            if call % 4 == 0 {
                store.beat(instance).await.expect(WORKS);
                return false;
            }
            store.strike_off(seen).await.expect(WORKS)
        }
    });
    assert!(struck.await.into_iter().filter(|struck| *struck).count() <= 1);
    assert!(samples.is_listed(instance).await);
}

/// With its next beat, and as good as any.
pub async fn an_instance_that_was_struck_off_comes_back(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let instance = samples.listed().await;
    let seen = samples.seen(instance).await.expect("listed");
    assert!(samples.strike_off(seen).await);
    samples.beat(instance).await;
    assert!(samples.is_listed(instance).await);
    assert!(samples.take("letters", instance).await);
}

/// Also when it goes more than once, or was never there.
pub async fn an_instance_that_leaves_is_off_the_list(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (leaving, staying) = (samples.listed().await, samples.listed().await);
    samples.leave(leaving).await;
    samples.leave(leaving).await;
    samples.leave(samples.stranger()).await;
    assert!(!samples.is_listed(leaving).await);
    assert!(samples.is_listed(staying).await);
}

/// However often anybody asks.
pub async fn a_duty_stays_with_who_took_it_first(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (first, second) = (samples.listed().await, samples.listed().await);
    for _ in 0..3 {
        assert!(samples.take("letters", first).await);
        assert!(!samples.take("letters", second).await);
        samples.beat(first).await;
    }
    assert!(samples.take("trainings", second).await);
    assert!(!samples.take("trainings", first).await);
}

/// Of as many instances.
pub async fn one_of_many_gets_a_duty(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let all = samples.all_listed(CALLS).await;
    assert_eq!(claim(store, &all).await.len(), 1);
}

/// Parts of one instance that ask at once all hear that it has the duty.
pub async fn an_instance_may_claim_at_once_what_it_has(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let one = samples.listed().await;
    assert_eq!(claim(store, &[one; CALLS]).await, [one; CALLS]);
}

/// At once, each a duty of its own.
pub async fn many_take_different_duties(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let all = samples.all_listed(CALLS).await;
    let taken = at_once(|call| {
        let (store, instance) = (Arc::clone(store), all[call]);
        async move { store.take(&format!("duty {call}"), instance).await.expect(WORKS) }
    });
    assert!(taken.await.into_iter().all(|taken| taken));
}

/// Neither one that never came nor one that has gone.
pub async fn nobody_off_the_list_gets_a_duty(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (stranger, gone, dead) = (samples.stranger(), samples.listed().await, samples.listed().await);
    assert!(samples.take("letters", dead).await);
    samples.leave(gone).await;
    let seen = samples.seen(dead).await.expect("listed");
    assert!(samples.strike_off(seen).await);
    for instance in [stranger, gone, dead] {
        assert!(!samples.take("letters", instance).await);
    }
    let living = samples.listed().await;
    assert!(samples.take("letters", living).await);
}

/// And one that comes back does not have them any more.
pub async fn the_duties_of_the_dead_are_free(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (dead, living) = (samples.listed().await, samples.listed().await);
    for duty in ["letters", "trainings"] {
        assert!(samples.take(duty, dead).await);
        assert!(!samples.take(duty, living).await);
    }
    let seen = samples.seen(dead).await.expect("listed");
    assert!(samples.strike_off(seen).await);
    samples.beat(dead).await;
    for duty in ["letters", "trainings"] {
        assert!(samples.take(duty, living).await);
        assert!(!samples.take(duty, dead).await);
    }
}

/// Struck off at the same time by each of those who want it.
pub async fn one_of_many_takes_over_a_duty(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let dead = samples.listed().await;
    assert!(samples.take("letters", dead).await);
    let seen = samples.seen(dead).await.expect("listed");
    let all = samples.all_listed(CALLS).await;
    let taken = at_once(|call| {
        let (store, instance) = (Arc::clone(store), all[call]);
        async move {
            store.strike_off(seen).await.expect(WORKS);
            store.take("letters", instance).await.expect(WORKS).then_some(instance)
        }
    });
    assert_eq!(taken.await.into_iter().flatten().count(), 1);
    assert!(!samples.take("letters", dead).await);
}

/// Nobody has to wait until it is taken for dead.
pub async fn the_duties_of_who_leaves_are_free(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (leaving, staying) = (samples.listed().await, samples.listed().await);
    assert!(samples.take("letters", leaving).await);
    samples.leave(leaving).await;
    assert!(samples.take("letters", staying).await);
    samples.beat(leaving).await;
    assert!(!samples.take("letters", leaving).await);
}

/// When one dies and one leaves.
pub async fn the_duties_of_others_are_not_touched(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let (living, dead, leaving) = (samples.listed().await, samples.listed().await, samples.listed().await);
    for (duty, instance) in [("a", living), ("b", dead), ("c", leaving)] {
        assert!(samples.take(duty, instance).await);
    }
    let seen = samples.seen(dead).await.expect("listed");
    assert!(samples.strike_off(seen).await);
    samples.leave(leaving).await;
    let newcomer = samples.listed().await;
    assert!(!samples.take("a", newcomer).await);
    assert!(samples.take("a", living).await);
}

/// They get in one another's way, and each is done in the end.
pub async fn no_call_of_many_different_ones_fails(store: &Arc<dyn InstanceStore>) {
    let samples = Samples::of(store);
    let all = samples.all_listed(CALLS / 4).await;
    at_once(|call| {
        let (store, all) = (Arc::clone(store), all.clone());
        async move {
            for round in 0..8 {
                let instance = all[(call + round) % all.len()];
                busy(&*store, instance, call + round / 2).await;
            }
        }
    })
    .await;
    for instance in all.iter().copied() {
        samples.beat(instance).await;
    }
    assert_eq!(samples.beats().await.len(), all.len());
    assert_eq!(claim(store, &all).await.len(), 1);
}

/// One of the calls on `instance`.
async fn busy(store: &dyn InstanceStore, instance: InstanceId, which: usize) {
    match which % 6 {
        0 | 1 => store.beat(instance).await.expect(WORKS),
        2 => {
            store.take("letters", instance).await.expect(WORKS);
        }
        3 => {
            store.take("trainings", instance).await.expect(WORKS);
        }
        4 => store.leave(instance).await.expect(WORKS),
        _ => {
            for beat in store.beats().await.expect(WORKS) {
                store.strike_off(beat).await.expect(WORKS);
            }
        }
    }
}

/// Who of `instances` got the duty that all of them, [`CALLS`] at most, ask for at once.
async fn claim(store: &Arc<dyn InstanceStore>, instances: &[InstanceId]) -> Vec<InstanceId> {
    let taken = at_once(|call| {
        let (store, instance) = (Arc::clone(store), instances.get(call).copied());
        async move {
            let instance = instance?;
            store.take("letters", instance).await.expect(WORKS).then_some(instance)
        }
    });
    taken.await.into_iter().flatten().collect()
}
