use super::Outcome;
use crate::connection::Connection;
use crate::outbox::{Gone, Reply};
use crate::protocol::{Progress, Ref, ServerMessage, Train, id, parts};
use serde_json::Value;
use square_kernel::{Asker, SkillId};
use square_skills::{Skills, TrainingProgress, TrainingSet, TrainingState};
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
    let Some(mut watch) = skills.watch_training(skill) else {
        let _ = failed(&reply, skill, "the skill was unpublished").await;
        return;
    };
    loop {
        let progress = watch.borrow_and_update().clone();
        let over = if progress.id == record.id {
            report(&reply, skill, progress).await
        } else {
            failed(&reply, skill, "a newer training took its place").await.map(|()| true)
        };
        match over {
            Ok(false) => {}
            Ok(true) | Err(Gone) => return,
        }
        if watch.changed().await.is_err() {
            let _ = failed(&reply, skill, "the skill is gone").await;
            return;
        }
    }
}

/// Tells how a training stands, and returns whether that was the last of it.
async fn report(reply: &Reply, skill: SkillId, training: TrainingProgress) -> Result<bool, Gone> {
    let progress = match training.state {
        TrainingState::Failed { reason } => return failed(reply, skill, &reason).await.map(|()| true),
        TrainingState::Running => Progress { progress: Some(rounded(training.done)), ..Progress::default() },
        TrainingState::Published { accuracy, failures } => Progress {
            msg: Some("The skill is published".to_owned()),
            progress: Some(1.0),
            finished: Some(true),
            accuracy: Some(
                accuracy.into_iter().map(|(selector, measured)| (selector, measured.top1)).collect(),
            ),
            failures: (!failures.is_empty()).then_some(failures),
            ..Progress::default()
        },
    };
    let over = progress.finished.is_some();
    reply.send(&ServerMessage::Train(Progress { id: skill.uuid(), ..progress })).await?;
    Ok(over)
}

async fn failed(reply: &Reply, skill: SkillId, reason: &str) -> Result<(), Gone> {
    let progress = Progress {
        id: skill.uuid(),
        finished: Some(true),
        error: Some(reason.to_owned()),
        ..Progress::default()
    };
    reply.send(&ServerMessage::Train(progress)).await
}

/// Two decimals; more would claim a precision that nobody has.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 100.0).round() / 100.0
}
