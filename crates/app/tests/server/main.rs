//! The binary as an operator runs it: a process of its own in an empty folder, asked over HTTP.

mod commands;
mod faults;
mod process;
mod questions;
mod stub;
