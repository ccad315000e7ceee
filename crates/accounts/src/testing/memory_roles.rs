use super::MemoryAccounts;
use super::memory::State;
use crate::ports::{Consequences, Role, RoleStore};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

impl State {
    /// Counts up the rights of everybody who has a role.
    fn count_rights(&mut self, role: &str, at: Timestamp) {
        for (account, _) in &mut self.accounts {
            if account.roles.iter().any(|held| held == role) {
                account.rights += 1;
                self.rights_changed.insert(account.id, (account.rights, at));
            }
        }
    }
}

#[async_trait]
impl RoleStore for MemoryAccounts {
    async fn roles(&self) -> Result<Vec<Role>, Unavailable> {
        let state = self.state();
        let holders = |name: &String| {
            state.accounts.iter().filter(|(account, _)| account.roles.contains(name)).count() as u64
        };
        let role = |(name, permissions): (&String, &Vec<String>)| Role {
            name: name.clone(),
            permissions: permissions.clone(),
            holders: holders(name),
        };
        Ok(state.roles.iter().map(role).collect())
    }

    async fn create_role(
        &self,
        name: &str,
        _at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if state.roles.contains_key(name) {
            return Ok(false);
        }
        state.roles.insert(name.to_owned(), Vec::new());
        state.follow(consequences);
        Ok(true)
    }

    async fn delete_role(
        &self,
        name: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if state.roles.remove(name).is_none() {
            return Ok(false);
        }
        state.count_rights(name, at);
        for (account, _) in &mut state.accounts {
            account.roles = account.roles.iter().filter(|role| *role != name).cloned().collect();
        }
        state.follow(consequences);
        Ok(true)
    }

    async fn set_permission(
        &self,
        role: &str,
        permission: &str,
        allowed: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<bool>, Unavailable> {
        let mut state = self.state();
        let Some(permissions) = state.roles.get_mut(role) else { return Ok(None) };
        if permissions.iter().any(|held| held == permission) == allowed {
            return Ok(Some(false));
        }
        if allowed {
            permissions.push(permission.to_owned());
            permissions.sort_unstable();
        } else {
            permissions.retain(|held| held != permission);
        }
        state.count_rights(role, at);
        state.follow(consequences);
        Ok(Some(true))
    }
}
