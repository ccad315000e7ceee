//! Socket.IO, for the clients that speak it: versions 2 (Engine.IO 3) and 3 to 4 (Engine.IO 4), over polling and WebSocket.
//!
//! The protocols themselves are `socketioxide`'s. This crate brings it the requests of the application that it shares a
//! port with (`transport`, `upgrade`) and answers the events of the namespace `/api`, which are described in
//! `docs/socketio.md`: `query`, `train`, `unpublish`, a file each. `places` bounds how many sessions there are and how much memory they take. `session` is what one socket has under way, `reply` its way out.
//!
//! [`SocketIoServer`] adds it to an application, over [`SocketIoServices`].

mod payload;
mod places;
mod query;
mod reply;
mod services;
mod session;
mod train;
mod transport;
mod unpublish;
mod upgrade;

pub use services::{Limits, SocketIoServer, SocketIoServices, SocketIoSettings};
