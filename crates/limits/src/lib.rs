//! How much of what may be used: budgets that are spent and fill up again evenly.
//!
//! A [`Quota`] says how large a budget is and how fast it fills up, by the generic cell rate algorithm, which needs no more than
//! the moment at which a budget is full again. Two kinds of places keep these moments:
//!
//! - [`Limits`](ports::Limits) is a database's table. It is exact for all instances together, and asking it costs a transaction.
//! - [`Meter`] is in the memory of one instance, for what must not wait. It is exact by itself, also under concurrency, and
//!   hears of what was spent at the others by a [`Pool`](ports::Pool) a moment later.
//!
//! What is counted and for whom is the business of those who ask.

mod meter;
pub mod ports;
mod quota;

#[cfg(feature = "testing")]
pub mod testing;

pub use meter::Meter;
pub use quota::{Charge, LimitError, LimitKey, Quota, TooMany};
