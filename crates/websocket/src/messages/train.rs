use super::Outcome;
use crate::connection::Connection;
use crate::outbox::Reply;
use crate::protocol::{Progress, Ref, ServerMessage, Train, id, parts};
use serde_json::Value;
use square_kernel::{Asker, SkillId};
use square_skills::{Skills, TrainingSet};
use square_wire::Fault;
use std::sync::Arc;

impl Connection {
    /// `train`: publishes a skill through training, and tells how that goes.
    pub(super) fn train(&mut self, reference: Option<Ref>, body: Value) -> Outcome {
        self.jobs.admit(reference.as_ref())?;
        let asker = self.asker()?;
        let train: Train = parts(&body)?;
        drop(body);
        let skill = id("id", &train.id)?;
        let examples = examples(&train)?;
        let reply = self.reply(reference.clone());
        self.jobs.start(
            reference,
            None,
            follow(Arc::clone(&self.services.skills), asker, skill, examples, reply),
        );
        Ok(None)
    }
}

fn examples(train: &Train) -> Result<TrainingSet, Fault> {
    let file = |field: &'static str, text: &Option<String>| match text {
        None => Err(Fault::file_missing(field)),
        Some(text) if text.len() > TrainingSet::MAX_FILE_BYTES => {
            Err(Fault::too_large(field, TrainingSet::MAX_FILE_BYTES))
        }
        Some(_) => Ok(()),
    };
    file("train_file", &train.train_file)?;
    file("dev_file", &train.dev_file)?;
    let text = |file: &Option<String>| file.clone().unwrap_or_default();
    TrainingSet::parse(&text(&train.train_file), &text(&train.dev_file)).map_err(Fault::unusable_files)
}

async fn follow(skills: Arc<Skills>, asker: Asker, skill: SkillId, examples: TrainingSet, reply: Reply) {
    let record = match skills.train(&asker, skill, examples).await {
        Ok(record) => record,
        Err(error) => {
            let _ = reply.fail(&error).await;
            return;
        }
    };
    let started = Progress::said(skill, "Started training for the skill");
    if reply.send(&ServerMessage::Train(started)).await.is_err() {
        return;
    }
    let mut reports = skills.follow_training(&record);
    while let Some(training) = reports.next().await {
        if reply.send(&ServerMessage::Train(Progress::of_training(skill, training))).await.is_err() {
            return;
        }
    }
}
