use crate::desertion::deserted;
use crate::fair_use::Place;
use crate::follow::follow;
use crate::hedge::Hedging;
use crate::live::{LiveQuestion, LiveQuestions, lock};
use crate::pieces::Pieces;
use crate::{AppendError, Chosen, Ending, Finish, LogEntry, LogEvent, QuestionLog, SkillError, SkillOutcome};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use square_kernel::Clock;
use square_skills::{DeltaSink, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// One skill that is asked.
pub(crate) struct Call {
    pub(crate) chosen: Chosen,
    pub(crate) skill: Arc<dyn Skill>,
}

/// The task that works on one question: asks its skills side by side and stores what comes, in the order in
/// which it comes.
///
/// Nothing is shown before it is stored. While one batch of entries is being stored the skills go on and the
/// next batch gathers, so a slow disk delays answers but never loses or reorders them.
pub(crate) struct FanOut {
    pub(crate) live: Arc<LiveQuestion>,
    pub(crate) all_live: Arc<LiveQuestions>,
    pub(crate) log: Arc<dyn QuestionLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) request: Arc<SkillRequest>,
    pub(crate) calls: Vec<Call>,
    /// The next best ones, asked in this order where others are slower than usual.
    pub(crate) reserve: Vec<Call>,
    pub(crate) hedging: Arc<Hedging>,
    pub(crate) begun: Instant,
    /// Counts as one question of its asker until the last entry is stored.
    pub(crate) place: Mutex<Option<Place>>,
    /// How long the question goes on unwatched; for as long as it takes where it is missing.
    pub(crate) grace: Option<Duration>,
}

type Answer = Result<Vec<ResultItem>, SkillFailure>;

impl FanOut {
    pub(crate) async fn run(self) {
        match self.work().await {
            Ok(()) => {}
            Err(AppendError::Taken) => {
                tracing::warn!("this instance was taken for dead, and another one has ended the question");
                follow(self.log.as_ref(), self.clock.as_ref(), &Arc::downgrade(&self.live)).await;
            }
            Err(AppendError::Gone) => {
                tracing::debug!("the question was deleted while it was under way");
                self.live.end_deleted(self.clock.now());
            }
            Err(AppendError::Unavailable(cause)) => {
                tracing::error!(cause = cause.chain(), "the question's log cannot be written");
                self.live.fail(cause);
            }
        }
    }

    async fn work(&self) -> Result<(), AppendError> {
        let pieces = Pieces::of(self.calls.iter().map(|call| call.chosen.skill));
        let call = |index| self.call(index, &pieces);
        let mut calls: FuturesUnordered<_> = (0..self.calls.len()).map(call).collect();
        let mut told = self.begun;
        let mut waiting: Vec<bool> = vec![true; self.calls.len()];
        let mut slow = Slow::new(self);
        let mut reserve = self.calls.len()..self.calls.len() + self.reserve.len();
        let mut journal = Journal::new(self);
        let deadline = sleep_until(self.begun + self.live.record.deadline);
        let cancelled = self.live.cancelled();
        let deserted = deserted(self.log.as_ref(), &self.live, self.grace);
        tokio::pin!(deadline, cancelled, deserted);

        // The order of the branches is the order of precedence: an answer that is there beats the deadline.
        let ending = loop {
            tokio::select! {
                biased;
                written = journal.written() => written?,
                next = calls.next() => match next {
                    Some(first) => {
                        // What has come meanwhile is stored with it, the end too: each write costs a commit.
                        let more = std::iter::from_fn(|| calls.next().now_or_never().flatten());
                        for (index, answer) in std::iter::once(first).chain(more) {
                            if let Some(waiting) = waiting.get_mut(index) {
                                *waiting = false;
                            } else if answer.is_err() {
                                // Nobody asked for this one; it could have helped, no more.
                                continue;
                            } else {
                                journal.note(LogEvent::SkillStarted(self.one(index).chosen.clone()));
                            }
                            // The whole answer says what its last piece would; who fails says no more than that.
                            let rest = pieces.take(index).filter(|_| answer.is_err());
                            journal.note_all(rest.map(LogEvent::AnswerDelta));
                            journal.note(self.outcome(index, answer));
                        }
                        if !waiting.contains(&true) {
                            break Ending::Complete;
                        }
                        journal.write();
                    }
                    None => break Ending::Complete,
                },
                () = slow.found(&waiting) => {
                    if !reserve.is_empty() && self.hedging.take() {
                        calls.extend(reserve.next().map(call));
                    }
                }
                () = pieces.gathered(told) => {
                    told = Instant::now();
                    journal.note_all(pieces.take_all().map(LogEvent::AnswerDelta));
                    journal.write();
                }
                () = &mut deadline => break Ending::Deadline,
                () = &mut cancelled => break Ending::Cancelled,
                () = &mut deserted => break Ending::Cancelled,
            }
        };

        journal.note_all(pieces.take_all().map(LogEvent::AnswerDelta));
        if ending == Ending::Deadline {
            journal.note(LogEvent::Deadline);
        }
        let failure =
            if ending == Ending::Cancelled { SkillFailure::Cancelled } else { SkillFailure::TimedOut };
        for (index, _) in waiting.iter().enumerate().filter(|(_, waiting)| **waiting) {
            journal.note(self.outcome(index, Err(failure.clone())));
        }
        journal.note(LogEvent::Finished(Finish { ending, took: self.begun.elapsed() }));
        journal.flush().await
    }

    /// The calls and behind them the reserve, counted through.
    fn one(&self, index: usize) -> &Call {
        self.calls.get(index).unwrap_or_else(|| &self.reserve[index - self.calls.len()])
    }

    async fn call(&self, index: usize, pieces: &Pieces) -> (usize, Answer) {
        let (call, begun, sink) = (self.one(index), Instant::now(), pieces.sink(index));
        let sink: &dyn DeltaSink = sink.as_ref().map_or(&Unheard, |sink| sink);
        let answer = call.skill.answer_in_parts(&self.request, sink);
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            tracing::error!(skill = call.chosen.name, "the skill panicked");
            Err(SkillFailure::Internal)
        });
        if answer.is_ok() {
            self.hedging.answered(call.chosen.skill, begun.elapsed());
        }
        (index, answer)
    }

    fn outcome(&self, index: usize, answer: Answer) -> LogEvent {
        let limit = usize::from(self.request.max_results);
        let answer = answer.map_err(|failure| SkillError::from(&failure)).map(|mut items| {
            items.truncate(limit);
            items
        });
        let skill = self.one(index).chosen.clone();
        LogEvent::SkillResult(SkillOutcome { skill, took: self.begun.elapsed(), answer })
    }
}

impl Drop for FanOut {
    /// However the task ends, be it by a panic or together with its runtime, nobody waits for it in vain.
    fn drop(&mut self) {
        let id = self.live.record.id;
        if self.live.abandon() {
            self.all_live.leave_open(id);
        }
        self.all_live.remove(id);
    }
}

/// Finds the skills that take longer than they usually do, each once.
struct Slow {
    due: Vec<Option<Instant>>,
}

impl Slow {
    fn new(question: &FanOut) -> Self {
        if question.reserve.is_empty() {
            return Self { due: Vec::new() };
        }
        let usual = |call: &Call| question.hedging.usual(call.chosen.skill);
        let due = question.calls.iter().map(|call| usual(call).map(|usual| question.begun + usual));
        Self { due: due.collect() }
    }

    /// Returns when one of those that are waited for is too slow; pending for ever when none will be. Cancel-safe.
    async fn found(&mut self, waiting: &[bool]) {
        let waited_for = self.due.iter_mut().zip(waiting).filter(|(_, waiting)| **waiting);
        let next = waited_for.filter_map(|(due, _)| due.map(|at| (at, due))).min_by_key(|(at, _)| *at);
        let Some((at, due)) = next else { return std::future::pending().await };
        sleep_until(at).await;
        *due = None;
    }
}

/// Numbers entries and stores them, one write at a time, each with everything gathered meanwhile.
struct Journal<'a> {
    question: &'a FanOut,
    last: u32,
    gathered: Vec<Arc<LogEntry>>,
    writing: Option<BoxFuture<'a, Result<(), AppendError>>>,
}

impl<'a> Journal<'a> {
    /// Begins by storing the question itself.
    fn new(question: &'a FanOut) -> Self {
        let open = async {
            question.log.open(&question.live.record).await?;
            question.live.open();
            Ok(())
        };
        Self {
            question,
            last: question.live.record.last_opening(),
            gathered: Vec::new(),
            writing: Some(open.boxed()),
        }
    }

    fn note(&mut self, event: LogEvent) {
        self.last += 1;
        self.gathered.push(Arc::new(LogEntry { seq: self.last, at: self.question.clock.now(), event }));
    }

    fn note_all(&mut self, events: impl IntoIterator<Item = LogEvent>) {
        events.into_iter().for_each(|event| self.note(event));
    }

    /// Starts storing what was gathered, unless a write is under way.
    fn write(&mut self) {
        if self.gathered.is_empty() || self.writing.is_some() {
            return;
        }
        let entries = std::mem::take(&mut self.gathered);
        let question = self.question;
        let append = async move {
            question.log.append(question.live.record.id, &entries).await?;
            if entries.iter().any(|entry| matches!(entry.event, LogEvent::Finished(_))) {
                // Before anybody is told: who sees the end may ask again at once.
                lock(&question.place).take();
            }
            question.live.publish(entries);
            Ok(())
        };
        self.writing = Some(append.boxed());
    }

    /// Returns when the write under way is done and, if more has gathered, the next one begun. Pending for
    /// ever when nothing is being written. Cancel-safe.
    async fn written(&mut self) -> Result<(), AppendError> {
        let Some(writing) = &mut self.writing else { return std::future::pending().await };
        let written = writing.await;
        self.writing = None;
        written?;
        self.write();
        Ok(())
    }

    /// Stores everything that was noted.
    async fn flush(&mut self) -> Result<(), AppendError> {
        self.write();
        while self.writing.is_some() {
            self.written().await?;
        }
        Ok(())
    }
}
