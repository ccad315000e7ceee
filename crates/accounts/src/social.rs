//! Signing in by what a provider of identities says.
//!
//! An account belongs to an identity by provider and subject. An address decides nothing by itself: one that the provider
//! vouches for may make an account, and leads to a letter where it has one already; one that it does not vouch for is worth as
//! much as one that anybody typed.

mod begin;
mod confirm_link;
mod enter;
mod error;
mod link;
mod make;
mod provider;
#[cfg(test)]
mod tests;
mod ways_in;

pub use begin::SocialBeginning;
pub use confirm_link::SocialLinkError;
pub use enter::{SocialOutcome, SocialRequest};
pub use error::SocialError;
pub use provider::Provider;
pub use ways_in::UnlinkError;
