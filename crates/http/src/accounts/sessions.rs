//! The calls on one's own sessions.

mod end_one;
mod end_others;
mod list;

pub(super) use end_one::end_session;
pub(super) use end_others::end_other_sessions;
pub(super) use list::sessions;
