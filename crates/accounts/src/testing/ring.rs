use crate::ports::{KeyRing, SigningKeyError, StoredSigningKey};
use jiff::Timestamp;
use square_kernel::Sealed;
use square_kernel::testing::lock;
use std::sync::Mutex;

/// Makes keys called `key-0`, `key-1` and so on, and remembers what it holds.
#[derive(Debug, Default)]
pub struct FakeRing(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    made: u32,
    held: Vec<String>,
    refused: Option<String>,
}

impl FakeRing {
    /// How many keys it has made.
    pub fn made(&self) -> u32 {
        lock(&self.0).made
    }

    /// The keys that it holds.
    pub fn held(&self) -> Vec<String> {
        lock(&self.0).held.clone()
    }

    /// Takes the key called `id` for damaged.
    pub fn refuse(&self, id: &str) {
        lock(&self.0).refused = Some(id.to_owned());
    }
}

impl KeyRing for FakeRing {
    fn make(&self, created_at: Timestamp, signs_from: Timestamp) -> StoredSigningKey {
        let mut ring = lock(&self.0);
        ring.made += 1;
        let id = format!("key-{}", ring.made - 1);
        StoredSigningKey { private: Sealed(id.clone().into_bytes()), id, created_at, signs_from }
    }

    fn hold(&self, keys: &[StoredSigningKey]) -> Result<(), SigningKeyError> {
        let mut ring = lock(&self.0);
        let ids: Vec<_> = keys.iter().map(|key| key.id.clone()).collect();
        if let Some(refused) = ids.iter().find(|id| ring.refused.as_ref() == Some(*id)) {
            return Err(SigningKeyError::Damaged(refused.clone()));
        }
        if ids.is_empty() {
            return Err(SigningKeyError::NoKey);
        }
        ring.held = ids;
        Ok(())
    }
}
