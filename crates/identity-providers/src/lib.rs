//! Asks providers of identities who somebody is.
//!
//! - One file per provider: what it is asked, and what of its answers counts.
//! - [`ProviderClient`] is the one way out: bounded in time and size, without redirects, and silent about what it carries.
//! - What a provider sends is read into types of its own at once; texts of people are cut to size.
//! - Nothing here knows accounts: whether somebody may sign in is decided by who asked.

mod client;
mod exchange;
mod facebook;
mod github;
mod google;
mod linkedin;
mod profile;

pub use client::{ProviderClient, ProviderClientSettings};
pub use facebook::{Facebook, FacebookSettings};
pub use github::{Github, GithubSettings};
pub use google::{Google, GoogleSettings};
pub use linkedin::{Linkedin, LinkedinSettings};
