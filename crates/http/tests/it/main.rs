//! The calls, over the in-memory fakes of the domain: what comes back, whole.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod accounts;
mod admin;
mod app;
mod bad_input;
mod cancelling;
mod casting;
mod companies;
mod credentials;
mod documented;
mod documents;
mod envelope;
mod events;
mod feedback;
mod history;
mod hostile;
mod limits;
mod mfa;
mod openai;
mod pages;
mod pages_from_elsewhere;
mod promises;
mod questions;
mod routes;
mod sessions;
mod skills;
mod social;
mod streams;
mod token_kinds;
