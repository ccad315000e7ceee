//! Secrets at rest and tokens in flight: the cryptography behind the ports of accounts.
//!
//! One [`MasterKey`] is derived from the operator's secret, and one from each that was in its place before; every use gets a key
//! of its own from it, so that what one of them leaks says nothing about another.

mod claims;
mod ed25519;
mod hs256;
mod keyed_hash;
mod master_key;
mod sealing;
mod verifying;

#[cfg(test)]
mod testing;

pub use claims::{Issuing, SubjectForm};
pub use ed25519::Ed25519Signer;
pub use hs256::Hs256Signer;
pub use keyed_hash::HmacHash;
pub use master_key::{MasterKey, MasterKeys};
pub use sealing::AeadSealer;
