use crate::keep::Keeping;
use crate::outside::Outside;
use crate::ports::{AddressGuard, Learner, ModelStore, SkillProber, SkillStore};
use crate::progress::ProgressBoard;
use crate::{ExamplesVersion, Listed, ProbePolicy, SkillDirectory};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Asker, Caller, Clock, KeyedHash, Overtaken, Randomness, Sealer, SkillId, Unavailable};
use square_limits::ports::Limits;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{MutexGuard, Notify};

/// How long to wait for one's turn to change skills.
const TURN: Duration = Duration::from_secs(3);

/// What [`Skills`] is made of.
pub struct SkillsParts {
    /// Where skills, trainings and example questions are kept.
    pub store: Arc<dyn SkillStore>,
    /// Where it is kept what selectors learnt.
    pub models: Arc<dyn ModelStore>,
    /// The skills in memory; shared with those who route questions.
    pub directory: Arc<SkillDirectory>,
    /// Says which addresses skills may have.
    pub guard: Arc<dyn AddressGuard>,
    /// Finds out what skills are like.
    pub prober: Arc<dyn SkillProber>,
    /// All selectors that learn.
    pub learners: Vec<Arc<dyn Learner>>,
    /// Seals the skills' secrets.
    pub sealer: Arc<dyn Sealer>,
    /// Keeps count of probes.
    pub limits: Arc<dyn Limits>,
    /// Hides what is counted.
    pub keyed_hash: Arc<dyn KeyedHash>,
    /// How many there may be.
    pub probing: ProbePolicy,
    /// How many skills one account may own; any number where it is missing.
    pub most_per_owner: Option<u32>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub randomness: Arc<dyn Randomness>,
}

/// Everything that can be done with registered skills; one file per use case.
///
/// The store is the truth, the directory follows it within the call that changes it, and the learners follow
/// through [`Skills::train_next`] and [`Skills::settle`], those outside through [`Skills::bring_in_step`]. Other instances hear of a change and call
/// [`Skills::catch_up`]. Once a change has begun it is carried through to the directory, also
/// when the caller stops waiting for it.
pub struct Skills {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) parts: SkillsParts,
    /// The learners that need nobody outside.
    pub(crate) inside: Vec<Arc<dyn Learner>>,
    /// All others.
    pub(crate) outside: Vec<Outside>,
    /// Notified when a learner outside may have something to catch up on.
    pub(crate) outside_work: Notify,
    /// Held from a write to the store until the directory is told, so that both see one order of changes. Taken by
    /// [`Shared::turn`].
    changing: tokio::sync::Mutex<()>,
    /// Held while learners learn or forget; always taken before `changing`.
    pub(crate) learning: tokio::sync::Mutex<()>,
    /// Skills of which the learners may know something else than the store.
    pub(crate) astray: Mutex<BTreeSet<SkillId>>,
    keeping: Mutex<Keeping>,
    pub(crate) work: Notify,
    pub(crate) board: ProgressBoard,
}

/// Why somebody may not do what only a skill's owner may, or why it did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OwnerError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// There is no such skill, or the asker may not know of it.
    #[error("there is no such skill")]
    NotFound,
    /// It is somebody else's.
    #[error("the skill belongs to somebody else")]
    NotOwner,
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Skills {
    /// Puts the parts together. Nothing is listed until [`Skills::load`].
    pub fn new(parts: SkillsParts) -> Self {
        let (outside, inside): (Vec<_>, Vec<_>) =
            parts.learners.iter().cloned().partition(|learner| learner.is_outside());
        let shared = Shared {
            parts,
            inside,
            outside: outside.into_iter().map(Outside::new).collect(),
            outside_work: Notify::new(),
            changing: tokio::sync::Mutex::default(),
            learning: tokio::sync::Mutex::default(),
            astray: Mutex::default(),
            keeping: Mutex::default(),
            work: Notify::new(),
            board: ProgressBoard::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Lists what the store holds, lets every learner of this process start with it, from what was kept where that is of these
    /// examples, and takes up the trainings that an earlier process left undone.
    pub async fn load(&self) -> Result<(), Unavailable> {
        let shared = &self.shared;
        let _learning = shared.learning.lock().await;
        {
            let _changing = shared.turn().await?;
            shared.parts.directory.replace_all(shared.parts.store.all().await?);
        }
        let examples = shared.parts.store.published_examples().await?;
        let versions = examples.iter().map(|(skill, train)| (*skill, ExamplesVersion::of_skill(train)));
        let version = ExamplesVersion::of_all(versions);
        for learner in &shared.inside {
            shared.take_up_or_learn(&**learner, &examples, version).await?;
        }
        shared.outside.iter().for_each(Outside::compare_later);
        shared.work.notify_one();
        Ok(())
    }
}

impl Shared {
    /// Waits for one's turn to change skills, and has it until what is returned goes. Not for ever: while the store is
    /// away, each of those in front takes as long as the store makes it wait.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, Unavailable> {
        tokio::time::timeout(TURN, self.changing.lock()).await.map_err(Unavailable::new)
    }

    /// The skill, when `asker` owns it.
    pub(crate) async fn owned(&self, asker: &Asker, id: SkillId) -> Result<Arc<Listed>, OwnerError> {
        if asker.user().is_none() {
            return Err(OwnerError::SignInRequired);
        }
        if self.parts.directory.snapshot().by_id(id).is_none() {
            // Another instance may have registered it a moment ago.
            self.refresh(id).await?;
        }
        let snapshot = self.parts.directory.snapshot();
        match snapshot.by_id(id) {
            Some(listed) if asker.is(listed.skill.owner) => Ok(Arc::clone(listed)),
            Some(listed) if listed.skill.visible_to(asker) => Err(OwnerError::NotOwner),
            _ => Err(OwnerError::NotFound),
        }
    }

    /// The moment of a change to a skill: now, but always after the skill's last change as far as it is known here, so
    /// that the newest form also has the latest `updated_at` when the clock was set back.
    pub(crate) fn moment_of_change(&self, id: SkillId) -> Timestamp {
        let now = self.parts.clock.now();
        let snapshot = self.parts.directory.snapshot();
        snapshot.by_id(id).map_or(now, |listed| now.max(just_after(listed.skill.updated_at)))
    }

    /// Lists what was stored. `None` when the skill was removed meanwhile.
    pub(crate) fn list(&self, skill: crate::RegisteredSkill) -> Option<Arc<Listed>> {
        let id = skill.id;
        self.parts.directory.put(skill);
        self.parts.directory.snapshot().by_id(id).cloned()
    }

    pub(crate) fn keeping(&self) -> std::sync::MutexGuard<'_, Keeping> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the learners brought in line with the store soon.
    pub(crate) fn led_astray(&self, id: SkillId) {
        self.astray.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        self.work.notify_one();
    }

    /// Carries a change through on a task of its own: a client that goes away in the middle, and whose
    /// request is dropped, must not leave the store changed and the directory not.
    pub(crate) async fn carry_through<T, E, F, Fut>(self: &Arc<Self>, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce(Arc<Self>) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        match tokio::spawn(change(Arc::clone(self))).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Unavailable::new(error).into()),
        }
    }
}

/// Who asks, for stores that look again.
pub(crate) fn caller(asker: &Asker) -> Option<Caller> {
    asker.identity.as_ref().map(Caller::from)
}

/// The first moment after `at` that every store can tell from it.
pub(crate) fn just_after(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_micros(1)).unwrap_or(at)
}
