use crate::{AnsweredQuestion, LogEntry, QuestionId, QuestionLog, QuestionRecord};
use async_trait::async_trait;
use square_kernel::testing::lock;
use square_kernel::{Page, Slice, Unavailable, UserId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A [`QuestionLog`] in memory that can be told to fail or to be slow.
#[derive(Default)]
pub struct MemoryLog {
    questions: Mutex<BTreeMap<QuestionId, AnsweredQuestion>>,
    broken: Mutex<bool>,
    delay: Mutex<Duration>,
}

impl MemoryLog {
    /// From now on every call fails.
    pub fn break_down(&self) {
        *lock(&self.broken) = true;
    }

    /// From now on every write takes this long.
    pub fn slow_down(&self, delay: Duration) {
        *lock(&self.delay) = delay;
    }

    async fn dawdle(&self) {
        let delay = *lock(&self.delay);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    fn working(&self) -> Result<(), Unavailable> {
        if *lock(&self.broken) { Err(Unavailable::new("the log is broken")) } else { Ok(()) }
    }
}

#[async_trait]
impl QuestionLog for MemoryLog {
    async fn open(&self, question: &QuestionRecord) -> Result<(), Unavailable> {
        self.dawdle().await;
        self.working()?;
        let answered = AnsweredQuestion { question: question.clone(), entries: Vec::new() };
        lock(&self.questions).insert(question.id, answered);
        Ok(())
    }

    async fn append(&self, question: QuestionId, entries: &[Arc<LogEntry>]) -> Result<(), Unavailable> {
        self.dawdle().await;
        self.working()?;
        let mut questions = lock(&self.questions);
        let Some(found) = questions.get_mut(&question) else {
            return Err(Unavailable::new("no such question"));
        };
        let taken = |entry: &Arc<LogEntry>| found.entries.iter().any(|stored| stored.seq == entry.seq);
        if entries.iter().any(taken) {
            return Err(Unavailable::new("an entry with this number exists"));
        }
        found.entries.extend(entries.iter().cloned());
        found.entries.sort_by_key(|entry| entry.seq);
        Ok(())
    }

    async fn find(&self, question: QuestionId) -> Result<Option<AnsweredQuestion>, Unavailable> {
        self.working()?;
        Ok(lock(&self.questions).get(&question).cloned())
    }

    async fn of_asker(
        &self,
        asker: UserId,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, Unavailable> {
        self.working()?;
        let questions = lock(&self.questions);
        let earlier =
            |question: &&AnsweredQuestion| page.after.is_none_or(|after| question.question.id < after);
        let own = questions
            .values()
            .rev()
            .filter(|question| question.question.asker == Some(asker))
            .filter(earlier);
        let rows = own.take(usize::from(page.limit.get()) + 1).cloned().collect();
        Ok(Slice::from_surplus(rows, page.limit, |question: &AnsweredQuestion| question.question.id))
    }

    async fn unfinished(&self) -> Result<Vec<AnsweredQuestion>, Unavailable> {
        self.working()?;
        let questions = lock(&self.questions);
        Ok(questions.values().filter(|question| question.finish().is_none()).cloned().collect())
    }
}
