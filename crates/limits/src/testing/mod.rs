//! Stand-ins for the ports of this crate and the suite that every implementation of them has to pass.

pub mod contract;
mod memory;

pub use memory::MemoryLimits;
