use crate::{
    AnsweredQuestion, AppendError, Ending, Finish, LogEntry, LogEvent, Router, SkillError, SkillOutcome,
};
use futures::future::join_all;
use square_kernel::Unavailable;
use std::sync::Arc;

/// What is said of skills whose answers were waited for by a process that died.
const DIED: &str = "the server was restarted before the skill answered";

/// What is said of skills whose answers came, if at all, while the log could not be written.
const NOT_STORED: &str = "the answer could not be stored";

/// How many questions that were left open are looked at by one call: after a long outage most were never stored, and whoever
/// calls has other things to do.
const AT_ONCE: usize = 500;

impl Router {
    /// Ends the questions that an instance which died left open, and those of this instance whose answers could
    /// not be stored, so that nobody waits for them: what was answered stays, each missing skill gets an error. Tells
    /// how many it ended.
    ///
    /// To be called now and then, by every instance that is on the list of instances: nobody is told when one
    /// has died. Each question is ended once, however many do this at the same time.
    pub async fn close_interrupted(&self) -> Result<usize, Unavailable> {
        let mut orphaned = self.parts.log.orphaned().await?;
        // Others may have taken this instance for dead; it knows better.
        orphaned.retain(|question| self.live.get(question.question.id).is_none());
        let orphaned = self.close_all(&orphaned, DIED).await?;
        let left_open = self.close_all(&self.left_open().await?, NOT_STORED).await?;
        Ok(orphaned + left_open)
    }

    /// Questions of this instance that nobody works on and that have no end.
    async fn left_open(&self) -> Result<Vec<AnsweredQuestion>, Unavailable> {
        let mut open = Vec::new();
        for id in self.live.left_open(AT_ONCE) {
            match self.parts.log.find(id).await? {
                Some(question) if question.finish().is_none() => open.push(question),
                _ => self.live.forget_left_open(id),
            }
        }
        Ok(open)
    }

    /// Stores the ends of questions side by side, since the log writes together what comes together. Tells how many
    /// there are; a question of which more was stored since it was read is left as it is.
    async fn close_all(&self, questions: &[AnsweredQuestion], why: &str) -> Result<usize, Unavailable> {
        let closed = join_all(questions.iter().map(|question| self.close(question, why))).await;
        closed.into_iter().try_fold(0, |sum, closed| Ok(sum + usize::from(closed?)))
    }

    /// Stores the end of a question; `false` when something else was stored since it was read, or it was deleted.
    async fn close(&self, question: &AnsweredQuestion, why: &str) -> Result<bool, Unavailable> {
        let entries = self.closing_entries(question, why);
        match self.parts.log.append(question.question.id, &entries).await {
            Ok(()) => Ok(true),
            Err(AppendError::Taken | AppendError::Gone) => Ok(false),
            Err(AppendError::Unavailable(cause)) => Err(cause),
        }
    }

    fn closing_entries(&self, question: &AnsweredQuestion, why: &str) -> Vec<Arc<LogEntry>> {
        let now = self.parts.clock.now();
        let took = question.question.under_way_for(now);
        let answered: Vec<_> = question.outcomes().iter().map(|outcome| outcome.skill.skill).collect();
        let missing =
            question.question.choice.chosen.iter().filter(|chosen| !answered.contains(&chosen.skill));
        let error = SkillError { code: Ending::Interrupted.as_str().to_owned(), message: why.to_owned() };
        let outcome = |skill| SkillOutcome { skill, took, answer: Err(error.clone()) };
        let events = missing.map(|chosen| LogEvent::SkillResult(outcome(chosen.clone())));
        let finish = LogEvent::Finished(Finish { ending: Ending::Interrupted, took });
        (question.last() + 1..)
            .zip(events.chain([finish]))
            .map(|(seq, event)| Arc::new(LogEntry { seq, at: now, event }))
            .collect()
    }
}
