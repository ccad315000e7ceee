//! WebSocket: the protocol `square.v1`, by which questions are asked, answers come one by one, and changes are told.
//!
//! - [`protocol`] is the reference of what goes over the wire.
//! - [`configure`] adds `GET {base}/ws` to an application, over [`WebSocketServices`]; [`openapi`] describes it.
//! - `upgrade` takes a client in, `connection` is the loop of one socket, `messages` has one file for each
//!   kind of message a client sends.
//! - `outbox` is the way out, bounded; `jobs` is what a socket has under way; `sign_in` is who its client is.

mod connection;
mod document;
mod jobs;
mod messages;
mod outbox;
pub mod protocol;
mod services;
mod sign_in;
mod upgrade;

pub use document::openapi;
pub use services::{Limits, WebSocketServices, WebSocketSettings, configure};
