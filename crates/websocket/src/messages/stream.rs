use crate::outbox::{Gone, Reply};
use crate::protocol::ServerMessage;
use square_kernel::Asker;
use square_routing::{AnswerStream, LogEntry, LogEvent, QuestionId, Router};
use square_wire::StreamEvent;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A question's log on its way to a client.
pub(super) struct Stream {
    pub(super) router: Arc<Router>,
    pub(super) asker: Asker,
    pub(super) question: QuestionId,
    pub(super) answers: AnswerStream,
    pub(super) reply: Reply,
    /// Has the question end early.
    pub(super) stop: CancellationToken,
}

/// Sends each entry as it comes, to the end of the log or of the socket.
pub(super) async fn stream(mut stream: Stream) {
    let mut stopped = false;
    let mut finished = false;
    loop {
        let next = tokio::select! {
            biased;
            () = stream.stop.cancelled(), if !stopped => {
                stopped = true;
                if let Err(error) = stream.router.cancel(&stream.asker, stream.question).await {
                    let _ = stream.reply.fail(&error).await;
                    return;
                }
                continue;
            }
            next = stream.answers.next() => next,
        };
        match next {
            Ok(Some(entry)) => {
                finished = matches!(entry.event, LogEvent::Finished(_));
                if stream.send(&entry).await.is_err() {
                    return;
                }
            }
            Ok(None) => break,
            Err(error) => {
                let _ = stream.reply.fail(&error).await;
                return;
            }
        }
    }
    if !finished {
        stream.send_end_again().await;
    }
}

impl Stream {
    async fn send(&self, entry: &LogEntry) -> Result<(), Gone> {
        self.reply.send(&ServerMessage::Event(StreamEvent::new(self.question, entry))).await
    }

    /// Whoever resumes after the last event still hears that it was the last.
    async fn send_end_again(&self) {
        let _ = match self.router.find(&self.asker, self.question).await {
            Ok(answered) => match answered.entries.last() {
                Some(entry) => self.send(entry).await,
                None => Ok(()),
            },
            Err(error) => self.reply.fail(&error).await,
        };
    }
}
