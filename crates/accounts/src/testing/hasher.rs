use crate::password::{Password, PasswordHash};
use crate::ports::{PasswordCheck, PasswordHasher};
use async_trait::async_trait;
use square_kernel::testing::lock;
use square_kernel::{Secret, Unavailable};
use std::sync::Mutex;

/// Hides nothing and takes no time; remembers against which hashes it was asked to verify.
#[derive(Debug, Default)]
pub struct FastHasher {
    verified: Mutex<Vec<PasswordHash>>,
}

impl FastHasher {
    /// What [`PasswordHasher::hash`] makes of a password.
    pub fn current(password: &str) -> PasswordHash {
        PasswordHash::new(format!("current:{password}"))
    }

    /// A hash of a password that verifies as outdated.
    pub fn outdated(password: &str) -> PasswordHash {
        PasswordHash::new(format!("outdated:{password}"))
    }

    /// The hashes that were verified against, in order.
    pub fn verified(&self) -> Vec<PasswordHash> {
        lock(&self.verified).clone()
    }
}

#[async_trait]
impl PasswordHasher for FastHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable> {
        Ok(Self::current(password.expose()))
    }

    async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable> {
        lock(&self.verified).push(hash.clone());
        Ok(match hash.as_str().split_once(':') {
            Some((kind, password)) if password == typed.expose() => {
                PasswordCheck::Right { outdated: kind == "outdated" }
            }
            _ => PasswordCheck::Wrong,
        })
    }

    fn decoy(&self) -> PasswordHash {
        PasswordHash::new("decoy")
    }
}
