use crate::outbox::{Gone, Reply};
use crate::protocol::ServerMessage;
use square_kernel::Asker;
use square_routing::{AnswerStream, LogEntry, LogEvent, QuestionId, Router};
use square_wire::{EventFilter, EventView, StreamEvent};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A question's log on its way to a client.
pub(super) struct Stream {
    router: Arc<Router>,
    asker: Asker,
    question: QuestionId,
    answers: AnswerStream,
    view: EventView,
    /// What is there from the beginning and was not sent yet.
    opening: Vec<StreamEvent>,
    reply: Reply,
    /// Has the question end early.
    stop: CancellationToken,
}

/// Sends each event as it comes, to the end of the log or of the socket.
pub(super) async fn stream(mut stream: Stream) {
    for event in std::mem::take(&mut stream.opening) {
        if stream.send(event).await.is_err() {
            return;
        }
    }
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
                if stream.show(&entry).await.is_err() {
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
    pub(super) fn new(
        router: Arc<Router>,
        asker: Asker,
        answers: AnswerStream,
        filter: EventFilter,
        reply: Reply,
        stop: CancellationToken,
    ) -> Self {
        let (view, opening) = EventView::open(answers.record(), filter, answers.after());
        let question = answers.record().id;
        Self { router, asker, question, answers, view, opening, reply, stop }
    }

    async fn show(&mut self, entry: &LogEntry) -> Result<(), Gone> {
        for event in self.view.show(entry) {
            self.send(event).await?;
        }
        Ok(())
    }

    async fn send(&self, event: StreamEvent) -> Result<(), Gone> {
        self.reply.send(&ServerMessage::Event(event)).await
    }

    /// Whoever resumes after the last event still hears that it was the last.
    async fn send_end_again(&mut self) {
        let _ = match self.router.find(&self.asker, self.question).await {
            Ok(answered) => match answered.entries.last() {
                Some(entry) => self.show(entry).await,
                None => Ok(()),
            },
            Err(error) => self.reply.fail(&error).await,
        };
    }
}
