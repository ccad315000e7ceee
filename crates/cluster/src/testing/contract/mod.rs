//! What every [`InstanceStore`] has to do: one function per rule of [`crate::ports`].
//!
//! The suite runs as a whole by its macro, each rule as a test on a store of its own:
//!
//! ```text
//! square_cluster::instance_store_contract!(fresh_store());
//! ```
//!
//! The argument is an async expression that gives `(Arc<dyn InstanceStore>, guard)`, a store that lists nobody; the
//! guard (a temporary folder, say) is held while the rule runs. A new rule is written here and added to the macro, and
//! from then on holds everywhere.

pub mod instance_store;

use crate::InstanceId;
use crate::ports::{Beat, InstanceStore};
use square_kernel::testing::{ManualClock, SeededRandomness};
use std::sync::Arc;

/// How many calls the rules on concurrency make at once.
const CALLS: usize = 32;

const WORKS: &str = "the store works";

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

/// Instances, and what the store says of them.
struct Samples<'a> {
    store: &'a Arc<dyn InstanceStore>,
    clock: ManualClock,
    randomness: SeededRandomness,
}

impl<'a> Samples<'a> {
    fn of(store: &'a Arc<dyn InstanceStore>) -> Self {
        Self { store, clock: ManualClock::default(), randomness: SeededRandomness::default() }
    }

    /// One that is not on the list.
    fn stranger(&self) -> InstanceId {
        InstanceId::new(&self.clock, &self.randomness)
    }

    /// One that has just been put on the list.
    async fn listed(&self) -> InstanceId {
        let instance = self.stranger();
        self.beat(instance).await;
        instance
    }

    /// So many of them.
    async fn all_listed(&self, count: usize) -> Vec<InstanceId> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.listed().await);
        }
        all
    }

    async fn beat(&self, instance: InstanceId) {
        self.store.beat(instance).await.expect(WORKS);
    }

    async fn beats(&self) -> Vec<Beat> {
        self.store.beats().await.expect(WORKS)
    }

    /// Its number; `None` when it is not on the list.
    async fn seen(&self, instance: InstanceId) -> Option<Beat> {
        let mut all = self.beats().await;
        all.retain(|beat| beat.instance == instance);
        assert!(all.len() <= 1, "{instance} is on the list more than once");
        all.pop()
    }

    async fn is_listed(&self, instance: InstanceId) -> bool {
        self.seen(instance).await.is_some()
    }

    async fn strike_off(&self, seen: Beat) -> bool {
        self.store.strike_off(seen).await.expect(WORKS)
    }

    async fn leave(&self, instance: InstanceId) {
        self.store.leave(instance).await.expect(WORKS);
    }

    async fn take(&self, duty: &str, instance: InstanceId) -> bool {
        self.store.take(duty, instance).await.expect(WORKS)
    }
}

#[cfg(test)]
mod tests {
    use crate::ports::InstanceStore;
    use crate::testing::MemoryInstances;
    use std::future::{Ready, ready};
    use std::sync::Arc;

    fn store() -> Ready<(Arc<dyn InstanceStore>, ())> {
        ready((Arc::new(MemoryInstances::default()), ()))
    }

    crate::instance_store_contract!(store());

    #[test]
    fn every_rule_stands_in_the_macro() {
        let source = include_str!("instance_store.rs");
        let (_, list) = source.split_once("[\n").expect("a macro with a list");
        let (list, _) = list.split_once(']').expect("the end of the list");
        let listed: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let rules = source.split("pub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
        assert_eq!(listed, rules.collect::<Vec<_>>());
    }
}
