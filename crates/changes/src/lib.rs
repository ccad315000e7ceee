//! Change events: every change of a person, a skill and so on is a numbered row, written in the transaction
//! of the change itself. From these rows everybody is told:
//!
//! - [`Follower`] tells this instance what any instance changed, so that what it keeps in memory stays true;
//!   [`Subscribers`] hands it on to the clients that asked for it.
//! - [`Relay`] brings it to one outside [`Receiver`](ports::Receiver) (a broker, a push service), at least once and in order,
//!   however long that one is away.
//! - [`ports`] is what this crate needs from outside.
//!
//! **One order.** Numbers are given from 1 and without gaps, under a lock that is held until the commit, as the last
//! thing that a transaction does. So whoever sees a number sees all smaller ones too, changes of one entity are numbered in the
//! order in which they happened, and a reader needs to remember one number, not a set.

mod change;
mod follower;
pub mod ports;
mod relay;
mod subscribers;

#[cfg(feature = "testing")]
pub mod testing;

pub use change::{Action, Audience, Change, ChangeId, Channel, UnknownWord};
pub use follower::{Follower, News};
pub use relay::{Relay, Step};
pub use subscribers::{Received, Subscribers, Subscription};
