//! Stand-ins for the ports of this crate and the suites that every implementation of them has to pass.

pub mod contract;
mod fake_provider;
mod hasher;
mod memory;
mod memory_administration;
mod memory_credentials;
mod memory_letter_requests;
mod memory_letters;
mod memory_login_methods;
mod memory_mfa;
mod memory_roles;
mod memory_secrets;
mod memory_session_list;
mod memory_sessions;
mod postman;
mod ring;
mod signer;
mod test_accounts;
mod test_admin;
mod test_mfa;
#[cfg(test)]
pub(crate) mod watched;

pub use fake_provider::FakeProvider;
pub use hasher::FastHasher;
pub use memory::MemoryAccounts;
pub use postman::RecordingPostman;
pub use ring::FakeRing;
pub use signer::FakeSigner;
pub use test_accounts::{TestAccounts, signed_in};
pub use test_mfa::WithMfa;
