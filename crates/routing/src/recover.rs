use crate::{AnsweredQuestion, Ending, Finish, LogEntry, LogEvent, Router, SkillError, SkillOutcome};
use square_kernel::Unavailable;
use std::sync::Arc;
use std::time::Duration;

impl Router {
    /// Ends the questions that a process which died left open, so that nobody waits for them: what was
    /// answered stays, each missing skill gets an error. To be called once, before questions are taken.
    /// Returns how many there were.
    pub async fn close_interrupted(&self) -> Result<usize, Unavailable> {
        let unfinished = self.parts.log.unfinished().await?;
        for question in &unfinished {
            self.parts.log.append(question.question.id, &self.closing_entries(question)).await?;
        }
        Ok(unfinished.len())
    }

    fn closing_entries(&self, question: &AnsweredQuestion) -> Vec<Arc<LogEntry>> {
        let now = self.parts.clock.now();
        let took = Duration::try_from(now.duration_since(question.question.asked_at)).unwrap_or_default();
        let took = took.min(question.question.deadline);
        let answered: Vec<_> = question.outcomes().iter().map(|outcome| outcome.skill.skill).collect();
        let missing =
            question.question.choice.chosen.iter().filter(|chosen| !answered.contains(&chosen.skill));
        let error = SkillError {
            code: Ending::Interrupted.as_str().to_owned(),
            message: "the server was restarted before the skill answered".to_owned(),
        };
        let outcome = |skill| SkillOutcome { skill, took, answer: Err(error.clone()) };
        let events = missing.map(|chosen| LogEvent::SkillResult(outcome(chosen.clone())));
        let finish = LogEvent::Finished(Finish { ending: Ending::Interrupted, took });
        let first = question.entries.last().map_or(1, |entry| entry.seq + 1);
        (first..)
            .zip(events.chain([finish]))
            .map(|(seq, event)| Arc::new(LogEntry { seq, at: now, event }))
            .collect()
    }
}
