use async_trait::async_trait;
use square_routing::{Candidate, Example, Ranking, Selector, SelectorUnavailable};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// After so many failures in a row a selector is left alone.
const FAILURES: u32 = 3;
/// For how long at first; twice as long after each failed trial.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// For how long at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A selector that is given only so much time, and left alone for a while once it has failed three times in a row.
///
/// While it is left alone, no question waits for it. When the pause is over, the next question is ranked by it in the
/// background, for a trial; the question itself does not wait for that either.
pub struct Guarded {
    inner: Arc<dyn Selector>,
    limit: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    failures: u32,
    open: Option<Open>,
}

struct Open {
    until: Instant,
    pause: Duration,
    trial: bool,
    reason: String,
}

enum Admission {
    Ask,
    Refuse(SelectorUnavailable),
    /// Refuse, and try in the background.
    Try(SelectorUnavailable),
}

impl Guarded {
    /// Gives `inner` `limit` for each question.
    pub fn new(inner: Arc<dyn Selector>, limit: Duration) -> Self {
        Self { inner, limit, state: Arc::default() }
    }

    fn admit(&self) -> Admission {
        let mut state = lock(&self.state);
        let Some(open) = &mut state.open else { return Admission::Ask };
        let refusal = SelectorUnavailable(format!("it is left alone for a while: {}", open.reason));
        if open.trial || Instant::now() < open.until {
            return Admission::Refuse(refusal);
        }
        open.trial = true;
        Admission::Try(refusal)
    }

    fn try_in_background(&self, question: &str, candidates: &[Candidate]) {
        let (inner, limit, state) = (Arc::clone(&self.inner), self.limit, Arc::clone(&self.state));
        let (question, candidates) = (question.to_owned(), candidates.to_vec());
        // A trial that is dropped, or whose selector panics, has failed.
        let mut trial = Trial { state, outcome: Err(SelectorUnavailable("a trial broke off".to_owned())) };
        tokio::spawn(async move {
            trial.note(within(limit, &*inner, &question, &candidates).await);
        });
    }
}

struct Trial {
    state: Arc<Mutex<State>>,
    outcome: Result<(), SelectorUnavailable>,
}

impl Trial {
    fn note(&mut self, outcome: Result<Ranking, SelectorUnavailable>) {
        self.outcome = outcome.map(drop);
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        match &self.outcome {
            Ok(()) => {
                tracing::info!("a selector that had failed is asked again");
                *state = State::default();
            }
            Err(SelectorUnavailable(reason)) => {
                if let Some(open) = &mut state.open {
                    open.pause = (open.pause * 2).min(LONGEST_PAUSE);
                    open.until = Instant::now() + open.pause;
                    open.trial = false;
                    open.reason.clone_from(reason);
                }
            }
        }
    }
}

async fn within(
    limit: Duration,
    selector: &dyn Selector,
    question: &str,
    candidates: &[Candidate],
) -> Result<Ranking, SelectorUnavailable> {
    let late = |_| Err(SelectorUnavailable(format!("it did not answer within {} ms", limit.as_millis())));
    tokio::time::timeout(limit, selector.rank(question, candidates)).await.unwrap_or_else(late)
}

fn note(state: &Mutex<State>, name: &str, outcome: &Result<Ranking, SelectorUnavailable>) {
    let mut state = lock(state);
    match outcome {
        Ok(_) => state.failures = 0,
        Err(SelectorUnavailable(reason)) => {
            state.failures += 1;
            if state.failures >= FAILURES && state.open.is_none() {
                tracing::warn!(selector = name, reason, "a selector is left alone for a while");
                let (until, reason) = (Instant::now() + FIRST_PAUSE, reason.clone());
                state.open = Some(Open { until, pause: FIRST_PAUSE, trial: false, reason });
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Selector for Guarded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn description(&self) -> &str {
        self.inner.description()
    }

    fn asks_unpublished(&self) -> bool {
        self.inner.asks_unpublished()
    }

    async fn nearest_examples(&self, question: &str, skills: &[Candidate]) -> Vec<Vec<Example>> {
        self.inner.nearest_examples(question, skills).await
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        match self.admit() {
            Admission::Ask => {
                let outcome = within(self.limit, &*self.inner, question, candidates).await;
                note(&self.state, self.name(), &outcome);
                outcome
            }
            Admission::Refuse(refusal) => Err(refusal),
            Admission::Try(refusal) => {
                self.try_in_background(question, candidates);
                Err(refusal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    #[derive(Default)]
    struct Moody {
        well: AtomicBool,
        asked: AtomicU32,
    }

    #[async_trait]
    impl Selector for Moody {
        fn name(&self) -> &'static str {
            "Moody"
        }

        fn description(&self) -> &'static str {
            "Answers when it likes to."
        }

        async fn rank(&self, _: &str, _: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if !self.well.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            Ok(Ranking { scores: Vec::new(), threshold: 0.5, share_of_best: 0.5 })
        }
    }

    const LIMIT: Duration = Duration::from_millis(500);

    /// Asks once; what came of it and how long it took.
    async fn ask(guarded: &Guarded) -> (Result<Ranking, String>, Duration) {
        let begun = Instant::now();
        let outcome = guarded.rank("Who?", &[]).await.map_err(|error| error.0);
        (outcome, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_dead_costs_nothing_after_the_first_failures_and_comes_back() {
        let moody = Arc::new(Moody::default());
        let guarded = Guarded::new(moody.clone(), LIMIT);
        for _ in 0..FAILURES {
            let (outcome, took) = ask(&guarded).await;
            assert_eq!((outcome.unwrap_err().as_str(), took), ("it did not answer within 500 ms", LIMIT));
        }
        let left_alone = "it is left alone for a while: it did not answer within 500 ms";
        // A minute and a half of questions, ten a second: none waits, and the selector is tried ever more seldom.
        for _ in 0..900 {
            let (outcome, took) = ask(&guarded).await;
            assert_eq!((outcome.unwrap_err().as_str(), took), (left_alone, Duration::ZERO));
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        let tried = moody.asked.load(Ordering::Relaxed) - FAILURES;
        assert!((4..=8).contains(&tried), "{tried} trials");

        moody.well.store(true, Ordering::Relaxed);
        tokio::time::advance(LONGEST_PAUSE).await;
        assert!(ask(&guarded).await.0.is_err(), "the trial holds nobody up");
        tokio::task::yield_now().await;
        assert!(ask(&guarded).await.0.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_now_and_then_do_not_add_up() {
        let moody = Arc::new(Moody::default());
        let guarded = Guarded::new(moody.clone(), LIMIT);
        for _ in 0..5 {
            for well in [false, false, true] {
                moody.well.store(well, Ordering::Relaxed);
                assert_eq!(ask(&guarded).await.0.is_ok(), well);
            }
        }
    }
}
