//! What administrators do with other people's accounts.
//!
//! Who may is told by permissions: `get:users` to look, [`ADMINISTER`](crate::ports::ADMINISTER) to change, `delete:users` to delete, `get:audit` to
//! read everybody's entries of the audit log. Whoever may change accounts may give any role to anybody, themselves included: there are no
//! degrees of administrators. What nobody can do here is suspend or delete their own account, or take the last administrator away.

mod audit;
mod change_user;
mod delete_user;
mod error;
mod roles;
mod users;

pub(crate) use change_user::RightsError;
pub use change_user::UserPatch;
pub use error::AdminError;
