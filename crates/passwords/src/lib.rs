//! Passwords by bcrypt, on a bounded number of threads.
//!
//! bcrypt reads 72 bytes and stops at a zero byte, so a password is first put through HMAC-SHA-384, whose
//! 48 bytes make 64 characters of base64. Its key, the pepper, does not stand in the database: whoever steals
//! that alone cannot try passwords at all.

mod hasher;
mod hashing;

pub use hasher::BcryptHasher;
