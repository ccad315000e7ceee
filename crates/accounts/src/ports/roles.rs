use super::Consequences;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

/// A role and what it allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it allows, each `verb:thing`, in alphabetical order.
    pub permissions: Vec<String>,
    /// How many accounts have it.
    pub holders: u64,
}

/// Keeps roles. Each method is one transaction.
///
/// Whatever changes what accounts may do MUST count up [`Account::rights`](crate::Account::rights) of everybody who has the role, as changed at
/// `at`, so that no token goes on showing what is true no more. That holds also for somebody who is given the role at the same time.
#[async_trait]
pub trait RoleStore: Send + Sync {
    /// All of them, in alphabetical order.
    async fn roles(&self) -> Result<Vec<Role>, Unavailable>;

    /// Makes a role that allows nothing; `false`, and nothing stored, when there is one of that name.
    async fn create_role(
        &self,
        name: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Deletes a role, also from everybody who has it; `false`, and nothing stored, when there is none.
    async fn delete_role(
        &self,
        name: &str,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Has a role allow `permission`, or allow it no more. `None` when there is no such role; `Some(false)`, and nothing stored, when it
    /// was so already.
    async fn set_permission(
        &self,
        role: &str,
        permission: &str,
        allowed: bool,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<bool>, Unavailable>;
}
