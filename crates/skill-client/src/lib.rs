//! Asks remote skills over HTTP.
//!
//! - [`SkillClient`] connects registered skills and says which addresses they may have.
//! - One file per protocol, `square`, `square2`, `openai` and `a2a`: what is sent, and how a reply is read.
//! - `probing` finds out which one a skill speaks and `checking` says what is wrong with it.
//! - What a skill sends is never believed: it is bounded in size and time, parsed by hand so that a message
//!   about it never repeats it, and its HTML is sanitised.

mod a2a;
mod address;
mod checking;
mod client;
mod connection;
mod failure;
mod html;
mod meter;
mod names;
mod openai;
mod probing;
mod reach;
mod remote;
mod reply;
mod resolver;
mod signing;
mod square;
mod square2;
mod sse;
mod trail;
mod transport;

pub use address::is_public;
pub use client::{SkillClient, SkillClientParts, SkillClientSettings};
pub use names::{Names, SystemNames};
pub use reach::AllowedNetwork;
