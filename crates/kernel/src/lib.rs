//! The words that every domain crate of Square shares, and nothing else.
//!
//! A thing belongs here only when two domain crates need it and neither owns it: identifiers that cross
//! crates, time and randomness as ports, who is asking, and the ways a call can fail that mean the same
//! everywhere. Rules of one domain do not belong here, however small.

mod asker;
mod caller;
mod clock;
mod failure;
mod id;
mod input;
mod page;
mod permission;
mod randomness;
mod sealing;
mod search_text;
mod secret;
mod whereabouts;

#[cfg(feature = "testing")]
pub mod testing;

pub use asker::{Asker, Identity};
pub use caller::{Caller, Overtaken};
pub use clock::{Clock, SystemClock};
pub use failure::{FieldError, Invalid, Unavailable};
pub use id::{IdSyntax, SessionId, SkillId, UserId, new_uuid, parse_uuid};
pub use input::{parse_date, parse_line};
pub use page::{Limit, Page, Slice};
pub use permission::{Permission, Permissions};
pub use randomness::{OsRandomness, Randomness};
pub use sealing::{KeyId, KeyedHash, SealBroken, Sealed, Sealer};
pub use search_text::SearchText;
pub use secret::Secret;
pub use whereabouts::Whereabouts;

// Used by the `id!` macro in the crates that declare identifiers.
#[doc(hidden)]
pub use {jiff, uuid};
