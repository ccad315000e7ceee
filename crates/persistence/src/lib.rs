//! The database behind every store port.
//!
//! - [`Database`] opens and migrates it; its `read` and `write` (in `transaction.rs`) run a closure in a
//!   transaction on a blocking thread and are the only way to a connection.
//! - [`Stores`] implements the store ports, one file per port; [`DatabaseQuestionLog`] the answer log, which
//!   has a writing thread of its own.
//!
//! To add a domain: a folder `migrations/<database>/…_<domain>` with `up.sql` and `down.sql`, its tables in
//! `schema/<domain>.rs`, and `<domain>.rs` with `impl TheStore for Stores`. Queries are written against
//! `DbConnection` (`connection.rs`), so they run on every database; `columns.rs` has the types of
//! identifiers (`Key`) and moments (`Moment`), `names.rs` finds names, also with a typo. A port method builds
//! its rows first, then makes one call of `self.database.read(|connection| …)`, `.write(|connection| …)` or, where
//! others are told of what changed, `.change(|connection, changes| …)` (`changes.rs` lists what is told);
//! closures give [`QueryResult`](diesel::QueryResult), and whatever goes wrong in one becomes
//! [`Unavailable`](square_kernel::Unavailable).
//!
//! On a server several transactions write at once, and each statement sees what others have committed meanwhile. So
//! a write depends on nothing that was looked at before, unless it was held: by an update that sets a column of the
//! row to itself, or by a conditional one whose count says whether it was so.

mod accounts;
mod administration;
mod audit;
mod casting;
mod changes;
mod clock;
mod columns;
mod companies;
mod connection;
mod consequences;
mod copy;
mod counters;
mod credentials;
mod database;
mod deliveries;
mod events;
mod feedback;
mod instances;
mod keys;
mod letter_requests;
mod letter_shelf;
mod letters;
mod limits;
mod login_methods;
mod mfa;
mod models;
#[cfg(feature = "mysql")]
mod mysql;
mod names;
#[cfg(feature = "network")]
mod network;
mod news;
#[cfg(feature = "postgres")]
mod postgres;
mod proposals;
mod question_log;
mod resealing;
mod roles;
mod rows;
mod schema;
mod secrets;
mod session_list;
mod sessions;
mod signing_keys;
mod skills;
mod sqlite;
mod stores;
#[cfg(feature = "network")]
mod tls;
mod trainings;
mod transaction;
#[cfg(feature = "network")]
mod url;

#[cfg(test)]
mod tests;

pub use clock::DatabaseClock;
pub use copy::{CopyError, CopyPhase, CopyProgress, CopySummary, TableDifference};
pub use database::{Database, DatabaseSettings, OpenError};
pub use keys::{IssuedUnder, PasswordMark};
pub use question_log::DatabaseQuestionLog;
pub use resealing::{ResealProgress, Resealed, SealedValues};
pub use stores::Stores;
