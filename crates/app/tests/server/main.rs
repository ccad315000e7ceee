//! The binary as an operator runs it: a process of its own in an empty folder, asked over HTTP.

#![expect(clippy::panic, reason = "helpers of tests may panic as tests may")]

mod casting;
#[path = "../support/client.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod client;
mod commands;
mod databases;
mod embedding;
mod faults;
mod files;
mod keys;
#[path = "../support/letters.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod letters;
mod mailing;
mod operator;
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod process;
mod proposals;
mod questions;
mod secrecy;
mod selectors;
mod social;
#[path = "../support/socket.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod socket;
mod socketio;
mod streams;
#[path = "../support/stub.rs"]
mod stub;
#[path = "../support/waiting.rs"]
mod waiting;
