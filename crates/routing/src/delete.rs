use crate::live::LiveQuestion;
use crate::watch::readable;
use crate::{HistoryError, QuestionId, Router, WatchError};
use square_kernel::Asker;
use std::sync::Arc;
use std::time::Duration;

/// How many questions are deleted at once: the database does other things in between.
const AT_ONCE: u32 = 100;

/// How long the end of a question under way is waited for. What is stored of it later finds no place.
const PATIENCE: Duration = Duration::from_secs(5);

impl Router {
    /// Deletes a question with its answers, the verdicts on them and what rests on these. One under way is given up first. Whoever
    /// may read it may delete it: the asker or, where nobody signed in for it, who knows its id.
    pub async fn delete(&self, asker: &Asker, id: QuestionId) -> Result<(), WatchError> {
        if let Some(live) = self.live.get(id) {
            readable(asker, live.record.asker)?;
            self.give_up(&[live]).await;
        }
        let deleted = self.parts.log.delete(id, asker.user(), self.parts.clock.now()).await?;
        // Where its end could not be waited for, nobody is to read it from memory.
        self.live.remove(id);
        deleted.then_some(()).ok_or(WatchError::NotFound)
    }

    /// Deletes all questions of the asker likewise, and tells how many they were. Whoever is interrupted at that has lost nothing but
    /// them, and tries again.
    pub async fn delete_all(&self, asker: &Asker) -> Result<u64, HistoryError> {
        let user = asker.user().ok_or(HistoryError::SignInRequired)?;
        self.give_up(&self.live.of(user)).await;
        let mut all = 0;
        loop {
            let deleted = self.parts.log.delete_all_of(user, self.parts.clock.now(), AT_ONCE).await?;
            all += u64::from(deleted.questions);
            if !deleted.more {
                return Ok(all);
            }
        }
    }

    async fn give_up(&self, questions: &[Arc<LiveQuestion>]) {
        for question in questions {
            question.cancel();
        }
        let over = futures::future::join_all(questions.iter().map(|question| question.over()));
        let _ = tokio::time::timeout(PATIENCE, over).await;
    }
}
