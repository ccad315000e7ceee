use crate::jobs::Jobs;
use crate::outbox::{Gone, Outbox, close, write};
use crate::protocol::Incoming;
use crate::services::WebSocketServices;
use crate::sign_in::SignIn;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, MessageStream};
use actix_ws::{ProtocolError, Session};
use square_kernel::Asker;
use square_wire::Fault;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use uuid::Uuid;

/// How long a stopping server lets answers that are there already go out.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a client is told that does not read: nothing is kept for it but the log, which it may go on with elsewhere.
const UNREAD: &str = "what was sent is not being read; resume after the last seq that was";

/// One socket.
pub(crate) struct Connection {
    pub(crate) services: Arc<WebSocketServices>,
    pub(crate) sign_in: SignIn,
    /// Whether the client knows that its sign-in is over.
    pub(crate) told_it_is_over: bool,
    pub(crate) outbox: Outbox,
    pub(crate) jobs: Jobs,
}

/// What the close frame says; nothing where the client is gone or gave no reason itself.
type Goodbye = Option<CloseReason>;

/// Serves a socket from its upgrade to its end.
pub(crate) async fn run(
    services: Arc<WebSocketServices>,
    id: Uuid,
    sign_in: SignIn,
    mut session: Session,
    messages: MessageStream,
) {
    let limits = services.settings.limits.clone();
    let messages = messages
        .max_frame_size(limits.train_message)
        .aggregate_continuations()
        .max_continuation_size(limits.train_message);
    let (outbox, mut waiting) = Outbox::new(&id.to_string());
    let jobs = Jobs::new(limits.under_way, limits.subscriptions);
    let connection = Connection { services, sign_in, told_it_is_over: false, outbox, jobs };
    tracing::debug!("socket opened");
    let goodbye = {
        let mut writer = pin!(write(&mut session, &mut waiting, limits.unread));
        tokio::select! {
            biased;
            () = &mut writer => Some(goodbye(CloseCode::Policy, UNREAD)),
            goodbye = connection.serve(messages) => {
                // The connection is gone and nobody can send any more: the writer ends with what waits.
                writer.await;
                goodbye
            }
        }
    };
    tracing::debug!(code = goodbye.as_ref().map(|reason| u16::from(reason.code)), "socket closed");
    close(session, goodbye, limits.unread).await;
}

impl Connection {
    /// The loop: takes messages until one side has had enough.
    async fn serve(mut self, mut messages: AggregatedMessageStream) -> Goodbye {
        let limits = self.services.settings.limits.clone();
        let shutdown = self.services.shutdown.clone();
        let mut heartbeat = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                // What has ended is forgotten first, so that a client that has read its end can use its `ref`
                // at once.
                biased;
                () = self.jobs.reap() => continue,
                () = shutdown.cancelled() => return self.end().await,
                message = messages.recv() => message,
                _ = heartbeat.tick() => {
                    if heard.elapsed() >= limits.silence {
                        return Some(goodbye(CloseCode::Policy, "nothing was heard of the client"));
                    }
                    self.tell_if_signed_out();
                    self.outbox.ping();
                    continue;
                }
            };
            heard = Instant::now();
            let taken = match message {
                None => return None,
                Some(Err(error)) => return Some(broken(&error)),
                Some(Ok(AggregatedMessage::Close(reason))) => return reason,
                Some(Ok(message)) => tokio::select! {
                    biased;
                    () = shutdown.cancelled() => return self.end().await,
                    taken = self.take(message) => taken,
                },
            };
            if taken.is_err() {
                return None;
            }
        }
    }

    /// The server stops: what was answered still goes out.
    async fn end(mut self) -> Goodbye {
        let _ = timeout(LAST_WORDS, self.jobs.finish()).await;
        Some(goodbye(CloseCode::Away, "the server is stopping"))
    }

    async fn take(&mut self, message: AggregatedMessage) -> Result<(), Gone> {
        match message {
            AggregatedMessage::Text(text) => self.take_text(&text).await,
            AggregatedMessage::Ping(payload) => self.outbox.pong(payload).await,
            AggregatedMessage::Binary(_) => {
                let fault = Fault::malformed("messages are JSON in text frames; a binary frame came");
                self.outbox.fail(None, &fault).await
            }
            AggregatedMessage::Pong(_) | AggregatedMessage::Close(_) => Ok(()),
        }
    }

    async fn take_text(&mut self, text: &str) -> Result<(), Gone> {
        match Incoming::read(text, self.services.settings.limits.message) {
            Err(unreadable) => self.outbox.fail(unreadable.reference.as_ref(), &unreadable.fault).await,
            Ok(incoming) => {
                let reference = incoming.reference.clone();
                match self.dispatch(incoming) {
                    Ok(Some(reply)) => self.outbox.send(reference.as_ref(), &reply).await,
                    Ok(None) => Ok(()),
                    Err(fault) => self.outbox.fail(reference.as_ref(), &fault).await,
                }
            }
        }
    }

    /// Who the client is at this moment.
    pub(crate) fn asker(&self) -> Result<Asker, Fault> {
        self.sign_in.asker()
    }

    /// A client that only waits for changes sends nothing that an error could come back for, so it is told once
    /// without having asked that its sign-in is over.
    fn tell_if_signed_out(&mut self) {
        if self.told_it_is_over || !self.jobs.has_subscriptions() {
            return;
        }
        if let Err(fault) = self.asker() {
            self.told_it_is_over = self.outbox.try_fail(&fault);
        }
    }
}

fn goodbye(code: CloseCode, description: &str) -> CloseReason {
    CloseReason { code, description: Some(description.to_owned()) }
}

/// What is said to a client whose frames cannot be read any further.
fn broken(error: &ProtocolError) -> CloseReason {
    match error {
        // The transport gives text that is no UTF-8, and fragments that are too much together, as I/O errors.
        ProtocolError::Io(error) if error.kind() == ErrorKind::InvalidData => {
            goodbye(CloseCode::Invalid, "text must be UTF-8")
        }
        ProtocolError::Overflow | ProtocolError::Io(_) => {
            goodbye(CloseCode::Size, "the message is too large")
        }
        _ => goodbye(CloseCode::Protocol, "the frame breaks the protocol"),
    }
}
