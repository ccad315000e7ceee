//! Asks remote skills over HTTP.
//!
//! - [`SkillClient`] connects registered skills and says which addresses they may have.
//! - One file per protocol, `square` and `square2`: what is sent, and how a reply is read.
//! - What a skill sends is never believed: it is bounded in size and time, parsed by hand so that a message
//!   about it never repeats it, and its HTML is sanitised.

mod address;
mod client;
mod failure;
mod html;
mod remote;
mod reply;
mod resolver;
mod square;
mod square2;

pub use address::is_public;
pub use client::{SkillClient, SkillClientSettings};
