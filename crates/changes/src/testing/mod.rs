//! Stand-ins for the ports of this crate and the suites that every implementation of them has to pass.

pub mod contract;
mod memory;
mod recording;
mod scripted_receiver;

pub use memory::{Backup, MemoryChanges};
pub use recording::{Draft, RecordsChanges};
pub use scripted_receiver::ScriptedReceiver;
