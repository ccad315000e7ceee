//! The binary as an operator runs it: a process of its own in an empty folder, asked over HTTP.

#[path = "../support/client.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod client;
mod commands;
mod databases;
mod faults;
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod process;
mod questions;
#[path = "../support/stub.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod stub;
