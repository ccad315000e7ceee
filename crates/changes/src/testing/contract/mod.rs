//! What every implementation of the storing ports has to do: one function per rule of [`crate::ports`].
//!
//! A suite runs as a whole by its macro, inside a module of its own, each rule as a test on stores of its own:
//!
//! ```text
//! mod change_log {
//!     square_changes::change_log_contract!(super::fresh_stores());
//! }
//! ```
//!
//! The argument is an async expression that gives `(Stores, guard)`; the guard (a temporary folder, say) is
//! held while the rule runs. A new rule is written here and added to its suite's macro, and from then on holds
//! everywhere.

pub mod change_log;
pub mod delivery_store;
mod samples;

use super::RecordsChanges;
use crate::ports::{ChangeLog, DeliveryStore};
use std::sync::Arc;

/// The stores of one database in which nothing has changed yet.
#[derive(Clone)]
pub struct Stores {
    /// What changed.
    pub log: Arc<dyn ChangeLog>,
    /// Who was told.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Changes something.
    pub recorder: Arc<dyn RecordsChanges>,
}

impl Stores {
    /// One store that implements all three.
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: ChangeLog + DeliveryStore + RecordsChanges + 'static,
    {
        Self { log: store.clone(), deliveries: store.clone(), recorder: store.clone() }
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

/// Makes a test of every rule named.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($suite:ident, $make:expr, [$($rule:ident),* $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (stores, _guard) = $make.await;
                $crate::testing::contract::$suite::$rule(&stores).await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    use super::Stores;
    use crate::testing::MemoryChanges;
    use std::sync::Arc;

    fn stores() -> impl Future<Output = (Stores, ())> {
        std::future::ready((Stores::of(&Arc::new(MemoryChanges::default())), ()))
    }

    mod change_log {
        crate::change_log_contract!(super::stores());
    }
    mod delivery_store {
        crate::delivery_store_contract!(super::stores());
    }

    #[test]
    fn every_rule_stands_in_its_suites_macro() {
        for source in [include_str!("change_log.rs"), include_str!("delivery_store.rs")] {
            let (_, list) = source.split_once("[\n").expect("a macro with a list");
            let (list, _) = list.split_once(']').expect("the end of the list");
            let listed: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let rules = source.split("pub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
            assert_eq!(listed, rules.collect::<Vec<_>>());
        }
    }
}
