//! The use cases on actors.

mod add;
mod change;
mod list;
mod remove;
mod show;

pub use add::ActorFields;
pub use change::ActorPatch;
