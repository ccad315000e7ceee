use super::Outcome;
use crate::connection::Connection;
use crate::protocol::{Cancel, Ref, id, parts};
use serde_json::Value;
use square_wire::Fault;

impl Connection {
    /// `cancel`: ends a question early. Its `finished` event tells that it happened.
    pub(super) fn cancel(&mut self, reference: Option<&Ref>, body: &Value) -> Outcome {
        let asker = self.asker()?;
        let Cancel { question_id } = parts(body)?;
        let found = match (question_id, reference) {
            (Some(text), _) => self.services.router.cancel(&asker, id("question_id", &text)?),
            (None, Some(reference)) => self.jobs.stop(reference),
            (None, None) => return Err(Fault::wrong_type("ref", "must name what to cancel")),
        };
        if found { Ok(None) } else { Err(Fault::not_found("question")) }
    }
}
