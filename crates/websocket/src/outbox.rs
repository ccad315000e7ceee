use crate::protocol::{Ref, ServerMessage};
use actix_web::web::Bytes;
use actix_ws::{CloseReason, Item, Session};
use square_wire::Fault;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How many messages wait at most. Whoever has one more waits, and with it the question whose answer it is;
/// nothing is lost, since answers are stored before they are shown.
const WAITING: usize = 16;
/// Longer messages are cut into frames of this many bytes, so that the frames waiting in the server cannot
/// take up more than a few megabytes.
const FRAME: usize = 64 * 1024;

/// The way out of a socket. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    request_id: Arc<str>,
}

/// What waits to be sent.
pub(crate) enum Outgoing {
    Text(String),
    Ping,
    Pong(Bytes),
}

/// The socket takes nothing more.
#[derive(Debug)]
pub(crate) struct Gone;

impl Outbox {
    /// The way in and the end that [`write()`] empties.
    pub(crate) fn new(request_id: &str) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, waiting) = mpsc::channel(WAITING);
        (Self { queue, request_id: request_id.into() }, waiting)
    }

    /// Sends a message, waiting for its turn.
    pub(crate) async fn send(&self, reference: Option<&Ref>, message: &ServerMessage) -> Result<(), Gone> {
        match text(reference, message) {
            Some(text) => self.queue.send(Outgoing::Text(text)).await.map_err(|_| Gone),
            None => Ok(()),
        }
    }

    /// Waits for its turn and only then asks what is to be sent, if anything.
    pub(crate) async fn send_if(
        &self,
        reference: Option<&Ref>,
        message: impl FnOnce() -> Option<ServerMessage>,
    ) -> Result<(), Gone> {
        let place = self.queue.reserve().await.map_err(|_| Gone)?;
        if let Some(text) = message().and_then(|message| text(reference, &message)) {
            place.send(Outgoing::Text(text));
        }
        Ok(())
    }

    /// Sends an error.
    pub(crate) async fn fail(&self, reference: Option<&Ref>, fault: &Fault) -> Result<(), Gone> {
        self.send(reference, &self.error(fault)).await
    }

    /// Sends an error that belongs to no message, unless the client has enough to read already; whether it will go out.
    pub(crate) fn try_fail(&self, fault: &Fault) -> bool {
        let text = text(None, &self.error(fault));
        text.is_some_and(|text| self.queue.try_send(Outgoing::Text(text)).is_ok())
    }

    fn error(&self, fault: &Fault) -> ServerMessage {
        ServerMessage::Error { body: fault.body(&self.request_id), retry_after: fault.retry_after }
    }

    /// Answers a ping of the transport.
    pub(crate) async fn pong(&self, payload: Bytes) -> Result<(), Gone> {
        self.queue.send(Outgoing::Pong(payload)).await.map_err(|_| Gone)
    }

    /// Pings, unless the client has enough to read already.
    pub(crate) fn ping(&self) {
        let _ = self.queue.try_send(Outgoing::Ping);
    }
}

/// The message as text of a frame.
fn text(reference: Option<&Ref>, message: &ServerMessage) -> Option<String> {
    let written = message.to_json(reference.map(AsRef::as_ref));
    let logged = written.inspect_err(|error| {
        tracing::error!(%error, kind = message.kind(), "a message could not be written as JSON");
    });
    logged.ok()
}

/// Where the answers to one message go: out, under its `ref`.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) outbox: Outbox,
    pub(crate) reference: Option<Ref>,
}

impl Reply {
    pub(crate) async fn send(&self, message: &ServerMessage) -> Result<(), Gone> {
        self.outbox.send(self.reference.as_ref(), message).await
    }

    pub(crate) async fn send_if(&self, message: impl FnOnce() -> Option<ServerMessage>) -> Result<(), Gone> {
        self.outbox.send_if(self.reference.as_ref(), message).await
    }

    pub(crate) async fn fail(&self, fault: impl Into<Fault>) -> Result<(), Gone> {
        self.outbox.fail(self.reference.as_ref(), &fault.into()).await
    }
}

/// Sends what waits, until nobody is left who could send more, the socket is closed, or the client leaves a
/// frame unread for `patience`.
pub(crate) async fn write(session: &mut Session, waiting: &mut mpsc::Receiver<Outgoing>, patience: Duration) {
    while let Some(outgoing) = waiting.recv().await {
        if write_one(session, outgoing, patience).await.is_err() {
            return;
        }
    }
}

async fn write_one(session: &mut Session, outgoing: Outgoing, patience: Duration) -> Result<(), Gone> {
    match outgoing {
        Outgoing::Ping => in_time(patience, session.ping(b"")).await,
        Outgoing::Pong(payload) => in_time(patience, session.pong(&payload)).await,
        Outgoing::Text(text) if text.len() <= FRAME => in_time(patience, session.text(text)).await,
        Outgoing::Text(text) => {
            let mut rest = Bytes::from(text);
            in_time(patience, session.continuation(Item::FirstText(rest.split_to(FRAME)))).await?;
            while rest.len() > FRAME {
                in_time(patience, session.continuation(Item::Continue(rest.split_to(FRAME)))).await?;
            }
            in_time(patience, session.continuation(Item::Last(rest))).await
        }
    }
}

async fn in_time(
    patience: Duration,
    sent: impl Future<Output = Result<(), actix_ws::Closed>>,
) -> Result<(), Gone> {
    match timeout(patience, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// Says goodbye. Who does not read does not hear it either.
pub(crate) async fn close(session: Session, reason: Option<CloseReason>, patience: Duration) {
    let _ = timeout(patience, session.close(reason)).await;
}
