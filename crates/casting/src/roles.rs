//! The use cases on roles: who played whom in which film.

mod add;
mod change;
mod list;
mod remove;
mod show;

pub use add::RoleFields;
pub use change::RolePatch;
