use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// Names a key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Ciphertext with all that is needed to open it again but the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Why something sealed does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealBroken {
    /// It names a key that is not known here: nothing is wrong with it, and it opens once that key is among the known ones.
    #[error(
        "sealed under the key {0}, which is neither that of SECRET_KEY nor of one in SECRET_KEY_PREVIOUS"
    )]
    UnknownKey(KeyId),
    /// It was sealed for another purpose, or altered, or never sealed at all.
    #[error("sealed for another purpose, or altered")]
    Altered,
}

/// Keeps secrets readable for this installation only: what must be stored and read back goes through here.
///
/// Everything is sealed under the current key, and names it; it opens under that key also when another one has become the
/// current, for as long as it is known. `purpose` is bound to the ciphertext: a value sealed for one purpose MUST NOT open for
/// another, and one that was altered MUST NOT open at all. Sealing the same text twice MUST give different ciphertexts.
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates `plain`.
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed;

    /// Gives back what was sealed for `purpose`.
    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken>;

    /// All keys that are known, the current one first.
    fn keys(&self) -> Vec<KeyId>;

    /// The key that `sealed` names, known or not; `None` where it names none.
    fn key_of(&self, sealed: &Sealed) -> Option<KeyId>;

    /// The key that is sealed under.
    fn current(&self) -> KeyId {
        self.keys()[0]
    }

    /// The same under the current key; `None` where it is so already.
    fn renewed(&self, purpose: &str, sealed: &Sealed) -> Result<Option<Sealed>, SealBroken> {
        if self.key_of(sealed) == Some(self.current()) {
            return Ok(None);
        }
        self.open(purpose, sealed).map(|plain| Some(self.seal(purpose, &plain)))
    }
}

/// A pseudo-random function under a key that only this installation knows.
///
/// Equal inputs MUST give equal outputs on every instance that shares the keys; without the key an output
/// MUST NOT be computable, nor distinguishable from random bytes.
pub trait KeyedHash: Send + Sync {
    /// The hashes of `message` in the domain named by `purpose` under each key that is known, the current one first.
    fn hashes(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]>;

    /// The one under the current key: what is stored or given out from now on.
    fn hash(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        self.hashes(purpose, message)[0]
    }

    /// Whether `hash` was made of `message`, under any of the keys. Takes as long when it was not.
    fn matches(&self, purpose: &str, message: &[u8], hash: &[u8]) -> bool {
        let hashes = self.hashes(purpose, message);
        hashes.iter().fold(Choice::from(0), |found, known| found | known[..].ct_eq(hash)).into()
    }
}
