//! Passwords by bcrypt, on a bounded number of threads.
//!
//! bcrypt reads 72 bytes and stops at a zero byte, so a password is first put through HMAC-SHA-384, whose
//! 48 bytes make 64 characters of base64. Its key, the pepper, does not stand in the database: whoever steals
//! that alone cannot try passwords at all. A hash names its pepper, so that another one can take over: who signs in is given a hash
//! with the new one.

mod hasher;
mod hashing;
mod peppers;

pub use hasher::BcryptHasher;
pub use peppers::{PepperMark, PepperName, Peppers};
