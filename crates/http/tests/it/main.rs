//! The calls, over the in-memory fakes of the domain: what comes back, whole.

mod accounts;
mod app;
mod bad_input;
mod documents;
mod envelope;
mod pages;
mod questions;
mod skills;
mod streams;
