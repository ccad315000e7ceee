//! Every use case, on the stand-ins of [`square_skills::testing`].

#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong in a test ends it")]

mod builtin;
mod catch_up;
mod directory;
mod edit;
mod health;
mod load;
mod outside;
mod probing;
mod proposals;
mod publish;
mod register;
mod remove;
mod view;
mod world;
