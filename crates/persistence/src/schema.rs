//! The tables, one file per domain. Each mirrors its `migrations/<database>/…_<domain>/up.sql`.

pub(crate) mod accounts;
pub(crate) mod casting;
pub(crate) mod changes;
pub(crate) mod companies;
pub(crate) mod events;
pub(crate) mod feedback;
pub(crate) mod limits;
pub(crate) mod login_methods;
pub(crate) mod mfa;
pub(crate) mod models;
pub(crate) mod questions;
pub(crate) mod skills;
