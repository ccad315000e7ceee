use std::fmt;
use zeroize::Zeroizing;

/// Ciphertext with all that is needed to open it again but the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// The ciphertext was made under another key or for another purpose, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed under another key or for another purpose, or altered")]
pub struct SealBroken;

/// Keeps secrets readable for this installation only: what must be stored and read back goes through here.
///
/// `purpose` is bound to the ciphertext: a value sealed for one purpose MUST NOT open for another, and one
/// that was altered MUST NOT open at all. Sealing the same text twice MUST give different ciphertexts.
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates `plain`.
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed;

    /// Gives back what was sealed for `purpose`.
    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken>;
}

/// A pseudo-random function under a key that only this installation knows.
///
/// Equal inputs MUST give equal outputs on every instance that shares the key; without the key an output
/// MUST NOT be computable, nor distinguishable from random bytes.
pub trait KeyedHash: Send + Sync {
    /// The hash of `message` in the domain named by `purpose`.
    fn hash(&self, purpose: &str, message: &[u8]) -> [u8; 32];
}
