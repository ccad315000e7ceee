//! Decorators of [`crate::Skill`] that keep one bad skill from harming questions or the server.
//!
//! - [`Breaker`] stops asking a skill that fails again and again, and finds out when it is back.
//! - [`Bulkhead`] bounds how many questions a skill is asked at once.
//! - [`Throttle`] bounds how often it is asked.

mod breaker;
mod bulkhead;
mod phase;
mod throttle;

pub use breaker::Breaker;
pub use bulkhead::Bulkhead;
pub use phase::BreakerPolicy;
pub use throttle::Throttle;
