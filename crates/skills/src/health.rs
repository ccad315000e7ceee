use crate::service::Skills;
use crate::{Health, Listed, SkillDirectory, SkillFailure};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// How many skills are pinged at once: that many which hang keep the others waiting for one [`PING_LIMIT`], not longer.
const AT_ONCE: usize = 64;
/// A skill that has not answered a ping by then is down.
const PING_LIMIT: Duration = Duration::from_secs(5);

impl Skills {
    /// Pings every skill once and notes which are up. Call it regularly.
    pub async fn check_health(&self) {
        let directory = &self.shared.parts.directory;
        let snapshot = directory.snapshot();
        futures::stream::iter(snapshot.all().iter().cloned())
            .for_each_concurrent(AT_ONCE, |listed| check(directory, listed))
            .await;
    }
}

async fn check(directory: &SkillDirectory, listed: Arc<Listed>) {
    let answered = tokio::time::timeout(PING_LIMIT, listed.answers.ping()).await;
    let health = match answered {
        Ok(Ok(())) => Health::Up,
        // Its host was called as often as it may be, which tells nothing.
        Ok(Err(SkillFailure::RateLimited { .. })) => return,
        _ => Health::Down,
    };
    let now = directory.snapshot();
    // Nothing was learnt about a skill that has moved meanwhile.
    if now.by_id(listed.skill.id).is_some_and(|now| now.skill.address == listed.skill.address) {
        directory.set_health(listed.skill.id, health);
    }
}
