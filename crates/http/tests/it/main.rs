//! The calls, over the in-memory fakes of the domain: what comes back, whole.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod accounts;
mod app;
mod bad_input;
mod documents;
mod envelope;
mod pages;
mod questions;
mod skills;
mod streams;
