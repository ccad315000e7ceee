use crate::tokens::AccessClaims;
use jiff::Timestamp;
use square_kernel::{Secret, Unavailable};
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
    /// Signs. Equal claims MUST give equal tokens, also while another key takes over.
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable>;

    /// Verifies signature, kind, issuer, audience and, at `now`, the times.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected>;

    /// The public keys as a JSON Web Key Set (RFC 7517), as JSON text; an empty set where there are none.
    fn jwks(&self) -> Arc<str>;
}
