use crate::account::Account;
use crate::service::Accounts;
use square_kernel::{Permission, Permissions, Unavailable};
use std::sync::Arc;

/// What a session may say of its account's rights.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) roles: Arc<[String]>,
    pub(crate) permissions: Permissions,
}

impl Accounts {
    /// Whether the account has a role that only counts with a second factor, and has none.
    pub fn mfa_missing(&self, account: &Account) -> bool {
        let required = &self.parts.policy.mfa_required_roles;
        account.mfa_enabled_at.is_none() && account.roles.iter().any(|role| required.contains(role))
    }

    /// An account as others are to see it: what its roles allow is what counts. Those that ask for a second factor which it lacks are
    /// named all the same.
    pub(crate) async fn as_it_counts(&self, account: Account) -> Result<Account, Unavailable> {
        let permissions = self.held(&account).await?.permissions;
        Ok(Account { permissions, ..account })
    }

    /// The roles of an account that count, and what they allow: all of them, unless some ask for a second factor that the
    /// account does not have.
    pub(crate) async fn held(&self, account: &Account) -> Result<Held, Unavailable> {
        if !self.mfa_missing(account) {
            return Ok(Held { roles: account.roles.clone(), permissions: account.permissions.clone() });
        }
        let required = &self.parts.policy.mfa_required_roles;
        let roles: Arc<[String]> =
            account.roles.iter().filter(|role| !required.contains(role)).cloned().collect();
        let mut permissions: Vec<Permission> = Vec::new();
        for role in roles.iter() {
            let allowed = self.parts.store.permissions_of(role).await?;
            permissions.extend(allowed.iter().map(|text| Permission::new(text)));
        }
        Ok(Held { roles, permissions: permissions.into_iter().collect() })
    }
}
