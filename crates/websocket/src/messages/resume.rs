use super::Outcome;
use super::stream::{Stream, stream};
use crate::connection::Connection;
use crate::outbox::Reply;
use crate::protocol::{Ref, Resume, filter, id, parts};
use serde_json::Value;
use square_kernel::Asker;
use square_routing::{QuestionId, Router};
use square_wire::EventFilter;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Connection {
    /// `resume`: streams the answers of a question that was asked before, here or elsewhere.
    pub(super) fn resume(&mut self, reference: Option<Ref>, body: &Value) -> Outcome {
        self.jobs.admit(reference.as_ref())?;
        let asker = self.asker()?;
        let Resume { question_id, after, events } = parts(body)?;
        let from = From { after, filter: filter(events.as_deref())? };
        let question = id("question_id", &question_id)?;
        let (router, stop) = (Arc::clone(&self.services.router), CancellationToken::new());
        let reply = self.reply(reference.clone());
        self.jobs.start(reference, Some(stop.clone()), follow(router, asker, question, from, reply, stop));
        Ok(None)
    }
}

/// Where to go on, and with which events.
struct From {
    after: u32,
    filter: EventFilter,
}

async fn follow(
    router: Arc<Router>,
    asker: Asker,
    question: QuestionId,
    from: From,
    reply: Reply,
    stop: CancellationToken,
) {
    match router.watch(&asker, question, from.after).await {
        Ok(answers) => stream(Stream::new(router, asker, answers, from.filter, reply, stop)).await,
        Err(error) => {
            let _ = reply.fail(&error).await;
        }
    }
}
