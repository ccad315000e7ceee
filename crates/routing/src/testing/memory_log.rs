use crate::{
    AnsweredQuestion, AppendError, Deleted, FeedbackStore, HistoryFilter, LogEntry, LogEvent, QuestionId,
    QuestionLog, QuestionRecord, Rating, Verdict,
};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Page, SkillId, Slice, Unavailable, UserId};
use square_skills::NewProposal;
use square_skills::testing::MemorySkills;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A [`QuestionLog`] in memory with the verdicts on its answers, as one instance sees it, that can be told to fail or to be slow.
#[derive(Default)]
pub struct MemoryLog {
    database: Arc<Mutex<State>>,
    /// Where questions propose themselves.
    skills: Arc<MemorySkills>,
    /// Which instance this is.
    me: usize,
    broken: Mutex<bool>,
    deaf: Mutex<bool>,
    delay: Mutex<Duration>,
    looks: AtomicUsize,
}

/// What all instances share.
struct State {
    questions: BTreeMap<QuestionId, Stored>,
    listed: BTreeSet<usize>,
    instances: usize,
    cancel_requests: Vec<QuestionId>,
    verdicts: BTreeMap<(QuestionId, SkillId), Verdict>,
}

struct Stored {
    answered: AnsweredQuestion,
    instance: usize,
    watched: u64,
}

impl Stored {
    fn is_open(&self) -> bool {
        self.answered.finish().is_none()
    }
}

impl Default for State {
    /// With one instance, which is on the list.
    fn default() -> Self {
        Self {
            questions: BTreeMap::new(),
            listed: BTreeSet::from([0]),
            instances: 1,
            cancel_requests: Vec::new(),
            verdicts: BTreeMap::new(),
        }
    }
}

impl State {
    /// Removes questions with all that refers to them.
    fn remove(&mut self, ids: &[QuestionId], skills: &MemorySkills) -> u32 {
        for id in ids {
            self.questions.remove(id);
            self.verdicts.retain(|(question, _), _| question != id);
            skills.forget_question(id.uuid());
        }
        u32::try_from(ids.len()).unwrap_or(u32::MAX)
    }
}

impl MemoryLog {
    /// An empty log, by which questions propose themselves to these skills.
    pub fn beside(skills: Arc<MemorySkills>) -> Self {
        Self { skills, ..Self::default() }
    }

    /// The same log as one more instance sees it, which is on the list of instances.
    #[must_use]
    pub fn at_another_instance(&self) -> Self {
        let mut state = lock(&self.database);
        let me = state.instances;
        state.instances += 1;
        state.listed.insert(me);
        let (database, skills) = (Arc::clone(&self.database), Arc::clone(&self.skills));
        Self { database, skills, me, ..Self::default() }
    }

    /// Takes this instance off the list of instances.
    pub fn strike_off(&self) {
        lock(&self.database).listed.remove(&self.me);
    }

    /// Puts this instance on the list of instances.
    pub fn enlist(&self) {
        lock(&self.database).listed.insert(self.me);
    }

    /// What was asked for by [`QuestionLog::request_cancel`] at any instance.
    pub fn cancel_requests(&self) -> Vec<QuestionId> {
        lock(&self.database).cancel_requests.clone()
    }

    /// How often this instance has called [`QuestionLog::entries_after`].
    pub fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }

    /// From now on every call of this instance fails.
    pub fn break_down(&self) {
        *lock(&self.broken) = true;
    }

    /// From now on every write of this instance is done, and reported as failed: as when the connection breaks before the
    /// database's answer comes.
    pub fn lose_answers(&self) {
        *lock(&self.deaf) = true;
    }

    /// From now on every call works.
    pub fn repair(&self) {
        *lock(&self.broken) = false;
        *lock(&self.deaf) = false;
    }

    /// From now on every write of this instance takes this long.
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

    fn answer(&self) -> Result<(), Unavailable> {
        if *lock(&self.deaf) { Err(Unavailable::new("the answer was lost")) } else { Ok(()) }
    }
}

#[async_trait]
impl QuestionLog for MemoryLog {
    async fn open(&self, question: &QuestionRecord) -> Result<(), Unavailable> {
        self.dawdle().await;
        self.working()?;
        let answered = AnsweredQuestion { question: question.clone(), entries: Vec::new() };
        lock(&self.database)
            .questions
            .insert(question.id, Stored { answered, instance: self.me, watched: 0 });
        self.answer()
    }

    async fn append(&self, question: QuestionId, entries: &[Arc<LogEntry>]) -> Result<(), AppendError> {
        self.dawdle().await;
        self.working()?;
        let mut state = lock(&self.database);
        let Some(found) = state.questions.get_mut(&question) else {
            return Err(AppendError::Gone);
        };
        let log = &mut found.answered.entries;
        let taken = |entry: &Arc<LogEntry>| log.iter().any(|stored| stored.seq == entry.seq);
        if entries.iter().any(taken) {
            return Err(AppendError::Taken);
        }
        log.extend(entries.iter().cloned());
        log.sort_by_key(|entry| entry.seq);
        Ok(self.answer()?)
    }

    async fn find(&self, question: QuestionId) -> Result<Option<AnsweredQuestion>, Unavailable> {
        self.working()?;
        Ok(lock(&self.database).questions.get(&question).map(|found| found.answered.clone()))
    }

    async fn entries_after(
        &self,
        question: QuestionId,
        seq: u32,
    ) -> Result<Option<Vec<Arc<LogEntry>>>, Unavailable> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.working()?;
        let state = lock(&self.database);
        let log = state.questions.get(&question).map(|found| found.answered.entries.iter());
        Ok(log.map(|entries| entries.filter(|entry| entry.seq > seq).cloned().collect()))
    }

    async fn of_asker(
        &self,
        asker: UserId,
        filter: &HistoryFilter,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, Unavailable> {
        self.working()?;
        let state = lock(&self.database);
        let earlier =
            |question: &&AnsweredQuestion| page.after.is_none_or(|after| question.question.id < after);
        let questions = state.questions.values().rev().map(|stored| &stored.answered);
        let own = questions.filter(|question| question.question.asker == Some(asker)).filter(earlier);
        let wanted = own.filter(|question| filter.fits(question));
        let rows = wanted.take(usize::from(page.limit.get()) + 1).cloned().collect();
        Ok(Slice::from_surplus(rows, page.limit, |question: &AnsweredQuestion| question.question.id))
    }

    async fn orphaned(&self) -> Result<Vec<AnsweredQuestion>, Unavailable> {
        self.working()?;
        let state = lock(&self.database);
        let orphans = state.questions.values().filter(|stored| !state.listed.contains(&stored.instance));
        let open = orphans.map(|stored| &stored.answered).filter(|question| question.finish().is_none());
        Ok(open.cloned().collect())
    }

    async fn request_cancel(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        _at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        let found = state.questions.get(&question).map(|stored| &stored.answered);
        let told = found.is_some_and(|found| {
            let allowed = found.question.asker.is_none() || found.question.asker == asker;
            allowed && found.finish().is_none()
        });
        if told {
            state.cancel_requests.push(question);
        }
        Ok(told)
    }

    async fn note_watched(&self, question: QuestionId) -> Result<(), Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        if let Some(found) = state.questions.get_mut(&question).filter(|found| found.is_open()) {
            found.watched += 1;
        }
        Ok(())
    }

    async fn watched(&self, question: QuestionId) -> Result<Option<u64>, Unavailable> {
        self.working()?;
        let state = lock(&self.database);
        Ok(state.questions.get(&question).filter(|found| found.is_open()).map(|found| found.watched))
    }

    async fn forget_deltas(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        self.working()?;
        let is_delta = |entry: &Arc<LogEntry>| matches!(entry.event, LogEvent::AnswerDelta(_));
        let questions = &mut lock(&self.database).questions;
        let old = questions.values_mut().filter(|found| {
            let old = found.answered.question.asked_at < before && !found.is_open();
            old && found.answered.entries.iter().any(is_delta)
        });
        let mut count = 0;
        for found in old.take(at_most as usize) {
            found.answered.entries.retain(|entry| !is_delta(entry));
            count += 1;
        }
        Ok(count)
    }

    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        let old = state
            .questions
            .values()
            .filter(|found| found.answered.question.asked_at < before && !found.is_open());
        let ids: Vec<QuestionId> =
            old.map(|found| found.answered.question.id).take(at_most as usize).collect();
        Ok(state.remove(&ids, &self.skills))
    }

    async fn delete(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        _at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        let allowed = |found: &Stored| {
            let by = found.answered.question.asker;
            by.is_none() || by == asker
        };
        let Some(open) = state.questions.get(&question).filter(|found| allowed(found)).map(Stored::is_open)
        else {
            return Ok(false);
        };
        if open {
            state.cancel_requests.push(question);
        }
        state.remove(&[question], &self.skills);
        Ok(true)
    }

    async fn delete_all_of(
        &self,
        asker: UserId,
        _at: Timestamp,
        at_most: u32,
    ) -> Result<Deleted, Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        let own = state.questions.values().filter(|found| found.answered.question.asker == Some(asker));
        let own: Vec<_> =
            own.take(at_most as usize).map(|found| (found.answered.question.id, found.is_open())).collect();
        state.cancel_requests.extend(own.iter().filter(|(_, open)| *open).map(|(id, _)| *id));
        let ids: Vec<QuestionId> = own.into_iter().map(|(id, _)| id).collect();
        let questions = state.remove(&ids, &self.skills);
        Ok(Deleted { questions, more: questions == at_most })
    }
}

#[async_trait]
impl FeedbackStore for MemoryLog {
    async fn give(&self, verdict: &Verdict, proposal: Option<&NewProposal>) -> Result<bool, Unavailable> {
        self.working()?;
        let mut state = lock(&self.database);
        let Some(found) = state.questions.get(&verdict.question) else { return Ok(false) };
        let question = found.answered.question.clone();
        let id = question.id.uuid();
        self.skills.rate(id, verdict.skill, Some(verdict.rating == Rating::Helpful));
        match (proposal, question.asker) {
            (Some(proposal), Some(asker)) => self.skills.propose(id, asker, &question.text, proposal),
            _ if verdict.rating == Rating::Helpful => {}
            _ => self.skills.withdraw(id, verdict.skill),
        }
        state.verdicts.insert((verdict.question, verdict.skill), verdict.clone());
        Ok(true)
    }

    async fn take_back(&self, question: QuestionId, skill: SkillId) -> Result<bool, Unavailable> {
        self.working()?;
        let was_there = lock(&self.database).verdicts.remove(&(question, skill)).is_some();
        self.skills.rate(question.uuid(), skill, None);
        self.skills.withdraw(question.uuid(), skill);
        Ok(was_there)
    }

    async fn verdicts(&self, questions: &[QuestionId]) -> Result<Vec<Verdict>, Unavailable> {
        self.working()?;
        let state = lock(&self.database);
        let on = state.verdicts.values().filter(|verdict| questions.contains(&verdict.question));
        Ok(on.cloned().collect())
    }
}
