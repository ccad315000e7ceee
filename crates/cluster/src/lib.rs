//! Several instances on one database: who is alive, and who does what only one may do at a time.
//!
//! [`Membership`] has each instance count up a number of its own, its beats, and watches those of the others. An instance
//! whose number has stood still while this one counted several times is dead and is struck off. No clock is
//! compared with another one's, and a time during which the database was away counts for nobody.
//!
//! [`Duties`] gives each kind of work that only one instance may do at a time to whoever asks first; it is free again
//! when its holder is struck off or leaves.

mod duties;
mod instance;
mod membership;
pub mod ports;

#[cfg(feature = "testing")]
pub mod testing;

pub use duties::Duties;
pub use instance::InstanceId;
pub use membership::Membership;
