//! Stand-ins for the ports of this crate, and the rules that every implementation is held to.

pub mod contract;
mod memory_log;
mod scripted_selector;

pub use memory_log::MemoryLog;
pub use scripted_selector::ScriptedSelector;
