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
//! everywhere. A suite too long for one file is a folder, with the macro in its `mod.rs`.

pub mod account_store;
pub mod administration;
pub mod audit_log;
pub mod callers;
pub mod confirmations;
pub mod credentials;
pub mod letter_queue;
pub mod letter_requests;
pub mod letter_shelf;
pub mod login_methods;
pub mod mfa;
pub mod one_time_secrets;
pub mod races;
pub mod roles;
mod samples;
pub mod session_list;
pub mod session_store;
pub mod signing_key_store;
pub mod texts;

use crate::ports::LoginMethodStore;
use crate::ports::{
    AccountStore, AuditLog, LetterQueue, MfaStore, OneTimeSecrets, SessionStore, SigningKeyStore,
};
use crate::ports::{Administration, LetterShelf, RoleStore};
use crate::ports::{CredentialStore, LetterRequests, SessionList};
use samples::Samples;
use std::sync::Arc;

/// The stores of one database, which begins with the roles of the first migration and no account.
#[derive(Clone)]
pub struct Stores {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// What their owners change.
    pub credentials: Arc<dyn CredentialStore>,
    /// Their sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// The same, as their owners see them.
    pub session_list: Arc<dyn SessionList>,
    /// Letters that strangers asked for.
    pub letter_requests: Arc<dyn LetterRequests>,
    /// Secrets that are good once.
    pub secrets: Arc<dyn OneTimeSecrets>,
    /// Their second factors.
    pub mfa: Arc<dyn MfaStore>,
    /// Who may sign in by what a provider says.
    pub login_methods: Arc<dyn LoginMethodStore>,
    /// What happened to them.
    pub audit: Arc<dyn AuditLog>,
    /// The same, as administrators see them.
    pub administration: Arc<dyn Administration>,
    /// What they may have.
    pub roles: Arc<dyn RoleStore>,
    /// Letters to them.
    pub letters: Arc<dyn LetterQueue>,
    /// The same, as the operator sees them.
    pub letter_shelf: Arc<dyn LetterShelf>,
    /// Keys that sign their tokens.
    pub signing_keys: Arc<dyn SigningKeyStore>,
}

impl Stores {
    /// One store that implements all ports.
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: AccountStore
            + CredentialStore
            + SessionStore
            + OneTimeSecrets
            + MfaStore
            + AuditLog
            + LetterQueue
            + SigningKeyStore
            + SessionList
            + LetterRequests
            + LoginMethodStore
            + Administration
            + RoleStore
            + LetterShelf
            + 'static,
    {
        Self {
            accounts: store.clone(),
            credentials: store.clone(),
            sessions: store.clone(),
            session_list: store.clone(),
            letter_requests: store.clone(),
            secrets: store.clone(),
            mfa: store.clone(),
            login_methods: store.clone(),
            audit: store.clone(),
            administration: store.clone(),
            roles: store.clone(),
            letters: store.clone(),
            letter_shelf: store.clone(),
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
    mod credentials {
        crate::credentials_contract!(super::stores());
    }
    mod callers {
        crate::callers_contract!(super::stores());
    }
    mod one_time_secrets {
        crate::one_time_secrets_contract!(super::stores());
    }
    mod mfa {
        crate::mfa_contract!(super::stores());
    }
    mod login_methods {
        crate::login_methods_contract!(super::stores());
    }
    mod administration {
        crate::administration_contract!(super::stores());
    }
    mod roles {
        crate::roles_contract!(super::stores());
    }
    mod letter_shelf {
        crate::letter_shelf_contract!(super::stores());
    }
    mod audit_log {
        crate::audit_log_contract!(super::stores());
    }
    mod session_store {
        crate::session_store_contract!(super::stores());
    }
    mod session_list {
        crate::session_list_contract!(super::stores());
    }
    mod letter_requests {
        crate::letter_requests_contract!(super::stores());
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
            include_str!("administration.rs"),
            include_str!("audit_log.rs"),
            include_str!("callers.rs"),
            concat!(
                include_str!("login_methods/mod.rs"),
                include_str!("login_methods/identities.rs"),
                include_str!("login_methods/links.rs"),
                include_str!("login_methods/concurrency.rs"),
            ),
            include_str!("confirmations.rs"),
            concat!(
                include_str!("credentials/mod.rs"),
                include_str!("credentials/passwords.rs"),
                include_str!("credentials/addresses.rs"),
                include_str!("credentials/profile.rs"),
                include_str!("credentials/deletions.rs"),
            ),
            concat!(
                include_str!("mfa/mod.rs"),
                include_str!("mfa/switching.rs"),
                include_str!("mfa/challenges.rs"),
                include_str!("mfa/recovery_codes.rs"),
                include_str!("mfa/attempts.rs"),
            ),
            include_str!("one_time_secrets.rs"),
            include_str!("session_store.rs"),
            include_str!("session_list.rs"),
            include_str!("letter_requests.rs"),
            include_str!("letter_queue.rs"),
            include_str!("letter_shelf.rs"),
            include_str!("signing_key_store.rs"),
            include_str!("races.rs"),
            include_str!("roles.rs"),
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
