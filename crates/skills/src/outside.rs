use crate::ports::{Learner, LearningFailed, SkillStore};
use crate::service::{Shared, Skills};
use square_kernel::{SkillId, Unavailable};
use std::collections::BTreeSet;
use std::future::Future;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a learner that failed is left alone at first; twice as long after each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// For how long at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How often a learner is compared with all that is published, also without word of a change: somebody may have emptied
/// its server.
const COMPARED: Duration = Duration::from_mins(10);
/// How long a training waits for a learner whose knowledge is this process's own to learn, and once more to be measured: it goes
/// on learning apart from trainings, which wait for one another.
const PATIENCE: Duration = Duration::from_secs(10);

/// A learner that needs somebody outside, and what it has to catch up on.
pub(crate) struct Outside {
    pub(crate) learner: Arc<dyn Learner>,
    /// Held while it learns or forgets.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Whether it was offered what was kept, where it keeps its knowledge in this process.
    began: AtomicBool,
    due: Mutex<Due>,
}

struct Due {
    everything: bool,
    skills: BTreeSet<SkillId>,
    /// The one that it failed at last: others have their turn first.
    failed_at: Option<SkillId>,
    compared: Instant,
    failures: u32,
    /// Until when it is left alone, and why.
    resting: Option<(Instant, LearningFailed)>,
}

impl Skills {
    /// Has the learners outside know what the skills are published with. What one fails at is tried again with later
    /// calls, ever more seldom. Of several instances on one store one is to call this, the one that calls
    /// [`Skills::train_next`]; the others call [`Skills::bring_own_in_step`].
    pub async fn bring_in_step(&self) -> Result<(), Unavailable> {
        for outside in &self.shared.outside {
            outside.catch_up(&self.shared).await?;
        }
        Ok(())
    }

    /// The same for those alone whose knowledge is this instance's own; those that all instances share are left to another
    /// one. Should it be for this one again to teach them, it compares them with all that is published.
    pub async fn bring_own_in_step(&self) -> Result<(), Unavailable> {
        self.leave_outside();
        for outside in self.shared.outside.iter().filter(|outside| !outside.learner.is_shared()) {
            outside.catch_up(&self.shared).await?;
        }
        Ok(())
    }

    /// Notes that another instance teaches the learners that all instances share.
    pub(crate) fn leave_outside(&self) {
        for outside in self.shared.outside.iter().filter(|outside| outside.learner.is_shared()) {
            outside.compare_later();
        }
    }

    /// Whether there are learners outside at all.
    pub fn has_outside(&self) -> bool {
        !self.shared.outside.is_empty()
    }

    /// Returns when there may be something for [`Skills::bring_in_step`] to do.
    pub async fn outside_waits(&self) {
        self.shared.outside_work.notified().await;
    }
}

impl Outside {
    pub(crate) fn new(learner: Arc<dyn Learner>) -> Self {
        let due = Due {
            everything: true,
            skills: BTreeSet::new(),
            failed_at: None,
            compared: Instant::now(),
            failures: 0,
            resting: None,
        };
        Self {
            learner,
            turn: tokio::sync::Mutex::default(),
            began: AtomicBool::new(false),
            due: Mutex::new(due),
        }
    }

    /// It may know anything.
    pub(crate) fn compare_later(&self) {
        let mut due = self.due();
        due.everything = true;
        due.skills.clear();
    }

    /// It may know something else of these skills than the store.
    pub(crate) fn led_astray(&self, skills: &BTreeSet<SkillId>) {
        self.due().skills.extend(skills);
    }

    /// Learns a skill for a training. Call it with the learner's turn, or tell that it is not to be had. What fails is done later.
    pub(crate) async fn learn(
        &self,
        has_turn: bool,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let resting = self.due().resting();
        let outcome = match resting {
            Some(reason) => Err(reason),
            None if !has_turn => Err(LearningFailed("it is still learning other skills".to_owned())),
            None => {
                let outcome = self.in_time(self.learner.learn(skill, examples, progress)).await;
                self.note(&outcome);
                outcome
            }
        };
        if outcome.is_err() {
            self.due().skills.insert(skill);
        }
        outcome
    }

    /// Awaits what it does for a training, but no longer than a training waits for it.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, LearningFailed>>,
    ) -> Result<T, LearningFailed> {
        if self.learner.is_shared() {
            return work.await;
        }
        let late = |_| Err(LearningFailed(format!("it took longer than {} s", PATIENCE.as_secs())));
        tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(late)
    }

    async fn catch_up(&self, shared: &Shared) -> Result<(), Unavailable> {
        let store = &*shared.parts.store;
        let _turn = self.turn.lock().await;
        if self.due().resting().is_some() {
            return Ok(());
        }
        if self.due().take_everything() {
            let compared = self.compare(shared).await;
            if !matches!(compared, Ok(Ok(()))) {
                self.due().everything = true;
            }
            let compared = compared?;
            self.note(&compared);
            if compared.is_err() {
                return Ok(());
            }
        }
        // Also after a comparison: there are learners that cannot tell by which examples they know a skill.
        loop {
            let Some(skill) = self.due().take_next() else { return Ok(()) };
            let settled = self.settle(skill, store).await;
            self.note_learnt(shared);
            let went_well = matches!(settled, Ok(Ok(())));
            if !went_well {
                let mut due = self.due();
                due.skills.insert(skill);
                due.failed_at = Some(skill);
            }
            self.note(&settled?);
            if !went_well {
                return Ok(());
            }
        }
    }

    async fn compare(&self, shared: &Shared) -> Result<Result<(), LearningFailed>, Unavailable> {
        let examples = shared.parts.store.published_examples().await?;
        if !self.learner.is_shared() && self.began.compare_exchange(false, true, Relaxed, Relaxed).is_ok() {
            let kept = shared.parts.models.kept_model(self.learner.name()).await;
            // Another attempt follows if what was kept cannot be read now.
            let kept = kept.inspect_err(|_| self.began.store(false, Relaxed))?;
            if let Some(kept) = kept
                && self.learner.take_up(&examples, &kept).await
            {
                return Ok(Ok(()));
            }
        }
        let learnt = self.learner.learn_all(&examples).await;
        self.note_learnt(shared);
        Ok(learnt)
    }

    async fn settle(
        &self,
        skill: SkillId,
        store: &dyn SkillStore,
    ) -> Result<Result<(), LearningFailed>, Unavailable> {
        Ok(match store.examples_of_published(skill).await? {
            Some(examples) => self.learner.learn(skill, &examples.train, &|_| ()).await,
            None => self.learner.forget(skill).await,
        })
    }

    /// It may know something new that is to be kept. Call it afterwards: what is kept in the midst of it lacks the rest.
    fn note_learnt(&self, shared: &Shared) {
        if !self.learner.is_shared() {
            shared.learnt();
            shared.work.notify_one();
        }
    }

    /// What came of teaching it.
    fn note(&self, outcome: &Result<(), LearningFailed>) {
        let mut due = self.due();
        match outcome {
            Ok(()) => (due.failures, due.resting) = (0, None),
            Err(reason) => {
                if due.failures == 0 {
                    tracing::warn!(selector = self.learner.name(), %reason, "a selector outside is out of step for now");
                }
                let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(due.failures)).min(LONGEST_PAUSE);
                due.failures = due.failures.saturating_add(1);
                due.resting = Some((Instant::now() + pause, reason.clone()));
            }
        }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Due {
    /// Why it is left alone at the moment.
    fn resting(&self) -> Option<LearningFailed> {
        self.resting.as_ref().filter(|(until, _)| Instant::now() < *until).map(|(_, reason)| reason.clone())
    }

    fn take_next(&mut self) -> Option<SkillId> {
        let next = self.failed_at.and_then(|failed| {
            self.skills.range((Bound::Excluded(failed), Bound::Unbounded)).next().copied()
        });
        let next = next.or_else(|| self.skills.first().copied())?;
        self.skills.take(&next)
    }

    /// Whether all is to be compared; then it counts as done.
    fn take_everything(&mut self) -> bool {
        let now = Instant::now();
        if !self.everything && now - self.compared < COMPARED {
            return false;
        }
        self.everything = false;
        self.compared = now;
        true
    }
}
