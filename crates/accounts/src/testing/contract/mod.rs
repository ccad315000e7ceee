//! What every implementation of the storing ports has to do: one function per rule of [`crate::ports`].
//!
//! A suite runs as a whole by its macro, inside a module of its own, each rule as a test on stores of its own:
//!
//! ```text
//! mod account_store {
//!     square_accounts::account_store_contract!(super::fresh_stores());
//! }
//! ```
//!
//! The argument is an async expression that gives `(Stores, guard)`; the guard (a temporary folder, say) is
//! held while the rule runs. A new rule is written here and added to its suite's macro, and from then on holds
//! everywhere.

pub mod account_store;
pub mod audit_log;
pub mod confirmations;
pub mod letter_queue;
pub mod one_time_secrets;
pub mod races;
mod samples;
pub mod session_store;
pub mod signing_key_store;
pub mod texts;

use crate::ports::{AccountStore, AuditLog, LetterQueue, OneTimeSecrets, SessionStore, SigningKeyStore};
use samples::Samples;
use std::sync::Arc;

/// The stores of one database, which begins with the roles of the first migration and no account.
#[derive(Clone)]
pub struct Stores {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// Their sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Secrets that are good once.
    pub secrets: Arc<dyn OneTimeSecrets>,
    /// What happened to them.
    pub audit: Arc<dyn AuditLog>,
    /// Letters to them.
    pub letters: Arc<dyn LetterQueue>,
    /// Keys that sign their tokens.
    pub signing_keys: Arc<dyn SigningKeyStore>,
}

impl Stores {
    /// One store that implements all ports.
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: AccountStore + SessionStore + OneTimeSecrets + AuditLog + LetterQueue + SigningKeyStore + 'static,
    {
        Self {
            accounts: store.clone(),
            sessions: store.clone(),
            secrets: store.clone(),
            audit: store.clone(),
            letters: store.clone(),
            signing_keys: store.clone(),
        }
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
    use crate::testing::MemoryAccounts;
    use std::sync::Arc;

    fn stores() -> impl Future<Output = (Stores, ())> {
        std::future::ready((Stores::of(&Arc::new(MemoryAccounts::default())), ()))
    }

    mod account_store {
        crate::account_store_contract!(super::stores());
    }
    mod confirmations {
        crate::confirmations_contract!(super::stores());
    }
    mod one_time_secrets {
        crate::one_time_secrets_contract!(super::stores());
    }
    mod audit_log {
        crate::audit_log_contract!(super::stores());
    }
    mod session_store {
        crate::session_store_contract!(super::stores());
    }
    mod letter_queue {
        crate::letter_queue_contract!(super::stores());
    }
    mod signing_key_store {
        crate::signing_key_store_contract!(super::stores());
    }
    mod races {
        crate::races_contract!(super::stores());
    }
    mod texts {
        crate::texts_contract!(super::stores());
    }

    #[test]
    fn every_rule_stands_in_its_suites_macro() {
        for source in [
            include_str!("account_store.rs"),
            include_str!("audit_log.rs"),
            include_str!("confirmations.rs"),
            include_str!("one_time_secrets.rs"),
            include_str!("session_store.rs"),
            include_str!("letter_queue.rs"),
            include_str!("signing_key_store.rs"),
            include_str!("races.rs"),
            include_str!("texts.rs"),
        ] {
            let (_, list) = source.split_once("[\n").expect("a macro with a list");
            let (list, _) = list.split_once(']').expect("the end of the list");
            let listed: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let rules = source.split("pub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
            assert_eq!(listed, rules.collect::<Vec<_>>());
        }
    }
}
