//! The use cases on films.

mod add;
mod change;
mod list;
mod remove;
mod show;

pub use add::MovieFields;
pub use change::MoviePatch;
