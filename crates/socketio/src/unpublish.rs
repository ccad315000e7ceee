use crate::payload::Unpublish;
use crate::reply::Reply;
use crate::session::Session;
use crate::train::skill;
use square_wire::{Fault, Progress};

/// What the answers to `unpublish` are called.
pub(crate) const EVENT: &str = "unpublish";

/// `unpublish`: takes a skill out of routing.
pub(crate) async fn answer(
    session: &Session,
    body: Result<Unpublish, Fault>,
    reply: &Reply,
) -> Result<(), Fault> {
    let unpublish = body?;
    let asker = session.asker(unpublish.jwt.as_deref())?;
    let skill = skill(&unpublish.id)?;
    session.services.skills.unpublish(&asker, skill).await.map_err(|error| Fault::from(&error))?;
    // Who is gone need not be told.
    let _ = reply.send(&Progress::finished(skill, "The skill is unpublished")).await;
    Ok(())
}
