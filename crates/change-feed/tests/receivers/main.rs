//! Changes to receivers that a test plays itself; no server is needed.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod broker;
mod broker_tls;
mod pusher;
#[path = "../support/mod.rs"]
mod support;
