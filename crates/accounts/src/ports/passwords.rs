use crate::password::{Password, PasswordHash};
use async_trait::async_trait;
use square_kernel::{Secret, Unavailable};

/// What a password check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is another password.
    Wrong,
    /// It is the password.
    Right {
        /// Whether the hash was made with settings that are no longer the current ones.
        outdated: bool,
    },
}

/// Hashes passwords. Slow on purpose; MUST NOT block the caller's thread.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password to be set.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable>;

    /// Checks what somebody typed against a hash. MUST take as long when it is wrong as when it is right.
    async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable>;

    /// A hash that no password matches and that takes as long to check as a real one: for names that have no
    /// account.
    fn decoy(&self) -> PasswordHash;
}
