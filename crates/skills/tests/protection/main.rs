//! The decorators of skills, with time paused and skills that answer when they are told to.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod breaker;
mod bulkhead;
mod support;
mod throttle;
