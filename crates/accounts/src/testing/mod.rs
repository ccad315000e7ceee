//! Stand-ins for the ports of this crate and the suites that every implementation of them has to pass.

pub mod contract;
mod hasher;
mod memory;
mod memory_letters;
mod memory_secrets;
mod memory_sessions;
mod postman;
mod signer;
mod test_accounts;
#[cfg(test)]
pub(crate) mod watched;

pub use hasher::FastHasher;
pub use memory::MemoryAccounts;
pub use postman::RecordingPostman;
pub use signer::FakeSigner;
pub use test_accounts::TestAccounts;
