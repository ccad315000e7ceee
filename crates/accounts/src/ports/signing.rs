use crate::tokens::AccessClaims;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Sealed, Secret, Unavailable};
use std::sync::Arc;

/// An access token that must not be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejected {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It never was: altered, of another kind, from elsewhere, or no token at all.
    #[error("the token is not valid")]
    Invalid,
}

/// Signs and verifies access tokens.
pub trait TokenSigner: Send + Sync {
    /// Signs. Equal claims MUST give equal tokens while the signing key is the same.
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable>;

    /// Verifies signature, kind, issuer, audience and, at `now`, the times.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected>;

    /// The public keys as a JSON Web Key Set (RFC 7517), as JSON text; an empty set where there are none.
    fn jwks(&self) -> Arc<str>;
}

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// Its `kid`.
    pub id: String,
    /// The private key in PKCS#8, sealed for [`StoredSigningKey::PURPOSE`].
    pub private: Sealed,
    /// When it was made; the newest signs, the others only verify.
    pub created_at: Timestamp,
}

impl StoredSigningKey {
    /// What signing keys are sealed for.
    pub const PURPOSE: &'static str = "signing-key";
}

/// Keeps signing keys.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// All keys, newest first.
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable>;

    /// Stores the first key. When there is one already, nothing is stored: of several instances that start at
    /// once one wins, and all then load the same key.
    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable>;
}
