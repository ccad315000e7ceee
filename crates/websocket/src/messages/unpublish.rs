use super::Outcome;
use crate::connection::Connection;
use crate::protocol::{Progress, Ref, ServerMessage, Unpublish, id, parts};
use serde_json::Value;
use std::sync::Arc;

impl Connection {
    /// `unpublish`: takes a skill out of routing.
    pub(super) fn unpublish(&mut self, reference: Option<Ref>, body: &Value) -> Outcome {
        self.jobs.admit(reference.as_ref())?;
        let asker = self.asker()?;
        let Unpublish { id: text } = parts(body)?;
        let skill = id("id", &text)?;
        let (skills, reply) = (Arc::clone(&self.services.skills), self.reply(reference.clone()));
        self.jobs.start(reference, None, async move {
            let _ = match skills.unpublish(&asker, skill).await {
                Ok(_) => {
                    let done = Progress::finished(skill, "The skill is unpublished");
                    reply.send(&ServerMessage::Unpublish(done)).await
                }
                Err(error) => reply.fail(&error).await,
            };
        });
        Ok(None)
    }
}
