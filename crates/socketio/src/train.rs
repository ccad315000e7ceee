use crate::payload::{File, Train};
use crate::reply::Reply;
use crate::session::Session;
use square_kernel::{IdSyntax, Invalid, SkillId};
use square_skills::TrainingSet;
use square_wire::{Fault, Progress};

/// What the answers to `train` are called.
pub(crate) const EVENT: &str = "train";

/// `train`: publishes a skill through training, and tells how that goes.
pub(crate) async fn answer(
    session: &Session,
    body: Result<Train, Fault>,
    reply: &Reply,
) -> Result<(), Fault> {
    let train = body?;
    let asker = session.asker(train.jwt.as_deref())?;
    let skill = skill(&train.id)?;
    let skills = &session.services.skills;
    skills.may_train(&asker, skill).await.map_err(|error| Fault::from(&error))?;
    let train_file = text("train_file", train.to_learn)?;
    let dev_file = text("dev_file", train.held_out)?;
    let examples = TrainingSet::parse(&train_file, &dev_file).map_err(Fault::unusable_files)?;
    let record = skills.train(&asker, skill, examples).await.map_err(|error| Fault::from(&error))?;
    if reply.send(&Progress::said(skill, "Started training for the skill")).await.is_err() {
        return Ok(());
    }
    let mut reports = skills.follow_training(&record);
    while let Some(training) = reports.next().await {
        if reply.send(&Progress::of_training(skill, training)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The skill that an event is about.
pub(crate) fn skill(id: &str) -> Result<SkillId, Fault> {
    id.parse().map_err(|wrong: IdSyntax| Fault::from(&Invalid::field("id", wrong.to_string())))
}

fn text(field: &'static str, File(bytes): File) -> Result<String, Fault> {
    let bytes = bytes.ok_or_else(|| Fault::file_missing(field))?;
    if bytes.len() > TrainingSet::MAX_FILE_BYTES {
        return Err(Fault::too_large(field, TrainingSet::MAX_FILE_BYTES));
    }
    String::from_utf8(bytes).map_err(|_| Fault::unusable_files(Invalid::field(field, "must be UTF-8 text")))
}
