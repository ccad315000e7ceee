use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SealBroken, Sealed, Unavailable};

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// Its `kid`.
    pub id: String,
    /// The private key in PKCS#8, sealed for [`StoredSigningKey::PURPOSE`].
    pub private: Sealed,
    /// When it was made; from then on it verifies.
    pub created_at: Timestamp,
    /// Tokens that are issued from this moment on are signed by it, until the next key's moment has come. It lies so far behind
    /// `created_at` that every instance, and whoever keeps the public keys, knows the key by then.
    pub signs_from: Timestamp,
}

impl StoredSigningKey {
    /// What signing keys are sealed for.
    pub const PURPOSE: &'static str = "signing-key";
}

/// Keeps signing keys. Each method is one transaction.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// All keys, newest first: in the reverse of the order in which they were added.
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable>;

    /// Stores the first key. When there is one already, nothing is stored: of several instances that start at
    /// once one wins, and all then load the same key.
    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable>;

    /// Stores a key that comes after the one called `newest`, and tells all instances; `false`, and nothing stored, when that is not
    /// the newest any more. Of any number of calls with one `newest` exactly one MUST get `true`.
    async fn add_next(&self, key: &StoredSigningKey, newest: &str) -> Result<bool, Unavailable>;

    /// The same with all others deleted; gives how many these were, `None` where it stored nothing. Nobody MUST ever see the key beside
    /// one that it takes the place of.
    async fn replace_all(&self, key: &StoredSigningKey, newest: &str) -> Result<Option<u32>, Unavailable>;

    /// Deletes the keys that are called by `ids`, never the newest, and tells all instances, as of `at`, where there was any; gives
    /// their number.
    async fn retire(&self, ids: &[String], at: Timestamp) -> Result<u32, Unavailable>;
}

/// Why stored signing keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// There is none.
    #[error("there is no signing key")]
    NoKey,
    /// It does not open.
    #[error("the signing key {id} does not open: it is {cause}")]
    Sealed {
        /// Its `kid`.
        id: String,
        /// Why.
        cause: SealBroken,
    },
    /// It opens, but is no key.
    #[error("the signing key {0} is damaged")]
    Damaged(String),
}

/// Makes signing keys, and holds those that tokens are signed and verified by.
pub trait KeyRing: Send + Sync {
    /// Makes a key, which nobody knows yet.
    fn make(&self, created_at: Timestamp, signs_from: Timestamp) -> StoredSigningKey;

    /// Signs and verifies by these keys, and by no others, from now on. An error MUST leave everything as it was.
    fn hold(&self, keys: &[StoredSigningKey]) -> Result<(), SigningKeyError>;
}
