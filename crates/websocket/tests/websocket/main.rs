//! The protocol as a client sees it: a server on the loopback interface, over fakes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic as tests may"
)]

mod changes;
mod errors;
mod instances;
mod lifetime;
mod questions;
mod sign_in;
mod skills;
mod support;
