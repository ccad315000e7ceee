//! Stand-ins for the ports of this crate, for tests.

use crate::{Clock, KeyedHash, Randomness, SealBroken, Sealed, Sealer};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// The guarded value, also after another test thread panicked while holding it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves forward, or back where `by` is negative.
    pub fn advance(&self, by: SignedDuration) {
        *lock(&self.0) += by;
    }
}

impl Default for ManualClock {
    /// Stands at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_767_225_600, 0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// Bytes that repeat from run to run (`SplitMix64`, Steele et al. 2014) and look random within one.
#[derive(Debug, Default)]
pub struct SeededRandomness(Mutex<u64>);

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Binds the purpose and turns the bytes round; hides nothing.
#[derive(Debug, Default)]
pub struct TransparentSealer;

impl Sealer for TransparentSealer {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        let mut sealed = purpose.as_bytes().to_vec();
        sealed.push(0);
        sealed.extend(plain.iter().map(|byte| byte ^ 0xFF));
        Sealed(sealed)
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let rest = sealed.0.strip_prefix(purpose.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
        rest.map(|bytes| Zeroizing::new(bytes.iter().map(|byte| byte ^ 0xFF).collect())).ok_or(SealBroken)
    }
}

/// FNV-1a over purpose and message, stretched to 32 bytes; no key, so only for tests.
#[derive(Debug, Default)]
pub struct PlainHash;

impl KeyedHash for PlainHash {
    fn hash(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        for (round, chunk) in out.chunks_mut(8).enumerate() {
            let mut hash = 0xCBF2_9CE4_8422_2325_u64 ^ round as u64;
            for byte in purpose.bytes().chain([0]).chain(message.iter().copied()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
            chunk.copy_from_slice(&hash.to_le_bytes());
        }
        out
    }
}
