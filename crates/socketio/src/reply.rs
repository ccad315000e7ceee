use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use square_wire::{Detail, Fault};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long to wait before looking again whether there is room: the first time, and at most.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LAST_LOOK: Duration = Duration::from_millis(250);

/// The client takes nothing more.
#[derive(Debug)]
pub(crate) struct Gone;

/// The way out of a socket, for the answers to one kind of event.
pub(crate) struct Reply {
    pub(crate) socket: SocketRef,
    pub(crate) event: &'static str,
    /// How long a client may leave what waits for it untaken.
    pub(crate) unread: Duration,
}

impl Reply {
    /// Sends an event as soon as there is room for it. A client that takes nothing for too long is disconnected: the answers
    /// are stored, and whoever comes back reads them from there.
    pub(crate) async fn send(&self, data: &(impl Serialize + Sync)) -> Result<(), Gone> {
        let end = Instant::now() + self.unread;
        let mut look = FIRST_LOOK;
        loop {
            match self.socket.emit(self.event, data) {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) if Instant::now() < end => {
                    sleep(look).await;
                    look = (look * 2).min(LAST_LOOK);
                }
                Err(error) => {
                    tracing::debug!(%error, event = self.event, "a client takes nothing more");
                    // It may have gone by itself.
                    let _ = self.socket.clone().disconnect();
                    return Err(Gone);
                }
            }
        }
    }

    /// Says why what was asked for cannot be done.
    pub(crate) async fn fail(&self, fault: &Fault) {
        // Who is gone need not be told.
        let _ = self.send(&Failure::from(fault)).await;
    }

    /// The same without waiting: who leaves no room for it is disconnected.
    pub(crate) fn refuse(&self, fault: &Fault) {
        if self.socket.emit(self.event, &Failure::from(fault)).is_err() {
            // It may have gone by itself.
            let _ = self.socket.clone().disconnect();
        }
    }
}

/// `error` is what trainings call it, `error_msg` what questions do; the rest is what errors have everywhere.
#[derive(Serialize)]
struct Failure {
    error_msg: String,
    error: String,
    code: String,
    details: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

impl From<&Fault> for Failure {
    fn from(fault: &Fault) -> Self {
        let body = fault.body(&Uuid::now_v7().to_string());
        let (message, code) = (body.message.clone(), body.code.clone());
        let retry_after = fault.retry_after;
        Self { error_msg: message.clone(), error: message, code, details: body.details, retry_after }
    }
}
