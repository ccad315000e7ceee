use super::Outcome;
use crate::connection::Connection;
use crate::protocol::{Cancel, Ref, id, parts};
use serde_json::Value;
use square_kernel::Asker;
use square_routing::QuestionId;
use square_wire::Fault;
use std::sync::Arc;

impl Connection {
    /// `cancel`: ends a question early. Its `finished` event tells that it happened.
    pub(super) fn cancel(&mut self, reference: Option<Ref>, body: &Value) -> Outcome {
        let asker = self.asker()?;
        let Cancel { question_id } = parts(body)?;
        let found = match (question_id, reference) {
            (Some(text), reference) => {
                let question = id("question_id", &text)?;
                match self.services.router.cancel_now(&asker, question) {
                    Some(found) => found,
                    None => return self.cancel_elsewhere(asker, question, reference),
                }
            }
            (None, Some(reference)) => self.jobs.stop(&reference),
            (None, None) => return Err(Fault::wrong_type("ref", "must name what to cancel")),
        };
        if found { Ok(None) } else { Err(Fault::not_found("question")) }
    }

    /// Where another instance works on it, that one has to be told. The message's `ref` may be that of the question itself.
    fn cancel_elsewhere(&mut self, asker: Asker, question: QuestionId, reference: Option<Ref>) -> Outcome {
        self.jobs.admit(None)?;
        let (router, reply) = (Arc::clone(&self.services.router), self.reply(reference));
        self.jobs.start(None, None, async move {
            let _ = match router.cancel(&asker, question).await {
                Ok(true) => Ok(()),
                Ok(false) => reply.fail(Fault::not_found("question")).await,
                Err(error) => reply.fail(&error).await,
            };
        });
        Ok(None)
    }
}
