use super::Outcome;
use super::stream::{Stream, stream};
use crate::connection::Connection;
use crate::outbox::Reply;
use crate::protocol::{QueryOptions, Ref, ServerMessage, filter, parts};
use serde_json::Value;
use square_kernel::Asker;
use square_routing::{Question, QuestionRecord, Router};
use square_wire::{EventFilter, FallbackFrom, Fault, QuestionRequest};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Connection {
    /// `query`: asks, and streams the answers.
    pub(super) fn query(&mut self, reference: Option<Ref>, body: Value) -> Outcome {
        self.jobs.admit(reference.as_ref())?;
        let asker = self.asker()?;
        let QueryOptions { deadline_ms, ack, events, respond_async } = parts(&body)?;
        let filter = filter(events.as_deref())?;
        let question = QuestionRequest::read(body)?.question(deadline_ms);
        let question = question.map_err(|invalid| Fault::from(&invalid))?;
        let question = Question { unattended: respond_async, ..question };
        let (router, stop) = (Arc::clone(&self.services.router), CancellationToken::new());
        let reply = self.reply(reference.clone());
        self.jobs.start(
            reference,
            Some(stop.clone()),
            ask(router, asker, question, Wanted { ack, filter }, reply, stop),
        );
        Ok(None)
    }
}

/// What the client wants to hear of its question.
struct Wanted {
    ack: bool,
    filter: EventFilter,
}

async fn ask(
    router: Arc<Router>,
    asker: Asker,
    question: Question,
    wanted: Wanted,
    reply: Reply,
    stop: CancellationToken,
) {
    let taken = match router.ask(&asker, question).await {
        Ok(taken) => taken,
        Err(error) => {
            let _ = reply.fail(&error).await;
            return;
        }
    };
    if wanted.ack && reply.send(&accepted(&taken.record)).await.is_err() {
        return;
    }
    stream(Stream::new(router, asker, taken.answers, wanted.filter, reply, stop)).await;
}

fn accepted(record: &QuestionRecord) -> ServerMessage {
    ServerMessage::Accepted {
        question_id: record.id.uuid(),
        selector: record.choice.selector.clone(),
        fallback_from: record.choice.fallback_from.as_ref().map(FallbackFrom::from),
        skills: record.choice.chosen.iter().map(|skill| skill.name.clone()).collect(),
    }
}
