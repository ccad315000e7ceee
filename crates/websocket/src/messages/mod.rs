//! What clients send: one file for each kind of message.

mod auth;
mod cancel;
mod ping;
mod query;
mod resume;
mod stream;
mod subscribe;
mod train;
mod unpublish;
mod unsubscribe;

use crate::connection::Connection;
use crate::outbox::Reply;
use crate::protocol::{Incoming, Ref, ServerMessage};
use square_wire::Fault;

/// The reply where there is one at once; whatever takes time is started and answers by itself.
pub(crate) type Outcome = Result<Option<ServerMessage>, Fault>;

impl Connection {
    /// Does what a message asks for.
    pub(crate) fn dispatch(&mut self, message: Incoming) -> Outcome {
        let Incoming { kind, reference, body } = message;
        match kind.as_str() {
            "auth" => self.auth(&body),
            "query" => self.query(reference, body),
            "resume" => self.resume(reference, &body),
            "cancel" => self.cancel(reference, &body),
            "train" => self.train(reference, body),
            "unpublish" => self.unpublish(reference, &body),
            "ping" => ping::ping(),
            "subscribe" => self.subscribe(reference, &body),
            "unsubscribe" => self.unsubscribe(reference.as_ref()),
            _ => Err(Fault::wrong_type(
                "type",
                "must be auth, query, resume, cancel, train, unpublish, subscribe, unsubscribe or ping",
            )),
        }
    }

    /// Where the answers to the message under `reference` go.
    fn reply(&self, reference: Option<Ref>) -> Reply {
        Reply { outbox: self.outbox.clone(), reference }
    }
}
