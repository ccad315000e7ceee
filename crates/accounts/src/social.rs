//! Signing in by what a provider of identities says.

mod provider;

pub use provider::Provider;
