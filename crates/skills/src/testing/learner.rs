use crate::ports::{Learner, LearningFailed};
use crate::{ExamplesVersion, KeptModel};
use async_trait::async_trait;
use square_kernel::SkillId;
use square_kernel::testing::lock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// Learns examples by heart: a skill comes first for the questions that are among its examples. One with the word "misleading" in it
/// has it take all questions for those of other skills.
#[derive(Debug)]
pub struct MemoryLearner {
    name: String,
    known: Mutex<BTreeMap<SkillId, Vec<String>>>,
    failing: Mutex<Option<String>>,
    taken_up: Mutex<bool>,
    held: Option<mpsc::UnboundedSender<HeldLearning>>,
    outside: bool,
    own: bool,
    begun: AtomicU32,
}

/// The other end of a [`MemoryLearner`] that waits for the test at every learning.
#[derive(Debug)]
pub struct LearnerScript {
    learnings: mpsc::UnboundedReceiver<HeldLearning>,
}

/// A learning that has begun and waits for the test's word.
#[derive(Debug)]
pub struct HeldLearning {
    /// What is being learnt.
    pub skill: SkillId,
    /// From what.
    pub examples: Vec<String>,
    go: oneshot::Sender<Result<(), LearningFailed>>,
}

impl MemoryLearner {
    /// Learns at once.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            known: Mutex::default(),
            failing: Mutex::default(),
            taken_up: Mutex::default(),
            held: None,
            outside: false,
            own: false,
            begun: AtomicU32::new(0),
        }
    }

    /// Waits at every learning until the script lets it go on.
    pub fn held(name: &str) -> (Self, LearnerScript) {
        let (sender, learnings) = mpsc::unbounded_channel();
        (Self { held: Some(sender), ..Self::new(name) }, LearnerScript { learnings })
    }

    /// Keeps what it knows outside, for all instances.
    #[must_use]
    pub fn outside(self) -> Self {
        Self { outside: true, ..self }
    }

    /// Needs somebody outside, and keeps what it knows to itself.
    #[must_use]
    pub fn leaning(self) -> Self {
        Self { outside: true, own: true, ..self }
    }

    /// How often it was to learn or to start anew.
    pub fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Loses what it knows, as a server that was emptied does.
    pub fn lose(&self) {
        lock(&self.known).clear();
    }

    /// Fails every learning from now on with `reason`, after having lost what it knew of the skill; `None`
    /// puts an end to that.
    pub fn fail(&self, reason: Option<&str>) {
        *lock(&self.failing) = reason.map(str::to_owned);
    }

    /// Whether it took up what was kept.
    pub fn has_taken_up(&self) -> bool {
        *lock(&self.taken_up)
    }

    /// What it knows.
    pub fn known(&self) -> BTreeMap<SkillId, Vec<String>> {
        lock(&self.known).clone()
    }
}

impl LearnerScript {
    /// The next learning, once it has begun.
    pub async fn learning(&mut self) -> HeldLearning {
        self.learnings.recv().await.expect("the learner is gone")
    }
}

impl HeldLearning {
    /// Lets it succeed.
    pub fn go(self) {
        self.end(Ok(()));
    }

    /// Lets it fail.
    pub fn fail(self, reason: &str) {
        self.end(Err(LearningFailed(reason.into())));
    }

    fn end(self, outcome: Result<(), LearningFailed>) {
        self.go.send(outcome).expect("nobody waits for the learning any more");
    }
}

#[async_trait]
impl Learner for MemoryLearner {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_outside(&self) -> bool {
        self.outside
    }

    fn is_shared(&self) -> bool {
        self.outside && !self.own
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        if let Some(reason) = lock(&self.failing).clone() {
            return Err(LearningFailed(reason));
        }
        *lock(&self.known) = skills.iter().map(|(id, examples)| (*id, examples.to_vec())).collect();
        Ok(())
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        progress(0.5);
        if let Some(held) = &self.held {
            let (go, gone) = oneshot::channel();
            let learning = HeldLearning { skill, examples: examples.to_vec(), go };
            held.send(learning).expect("the script is gone");
            gone.await.expect("the test let a learning fall")?;
        }
        if let Some(reason) = lock(&self.failing).clone() {
            lock(&self.known).remove(&skill);
            return Err(LearningFailed(reason));
        }
        lock(&self.known).insert(skill, examples.to_vec());
        Ok(())
    }

    async fn keep(&self) -> Result<Option<KeptModel>, LearningFailed> {
        let known = lock(&self.known);
        let versions = known.iter().map(|(skill, examples)| (*skill, ExamplesVersion::of_skill(examples)));
        Ok(Some(KeptModel { version: ExamplesVersion::of_all(versions), bytes: Arc::from(&b"by heart"[..]) }))
    }

    async fn take_up(&self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let versions = skills.iter().map(|(skill, examples)| (*skill, ExamplesVersion::of_skill(examples)));
        let of_use = kept.bytes[..] == b"by heart"[..] && kept.version == ExamplesVersion::of_all(versions);
        if of_use {
            *lock(&self.known) = skills.iter().map(|(id, examples)| (*id, examples.to_vec())).collect();
            *lock(&self.taken_up) = true;
        }
        of_use
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        lock(&self.known).remove(&skill);
        Ok(())
    }

    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        (!self.outside).then(|| Arc::new(Self::new(&self.name)) as Arc<dyn Learner>)
    }

    #[expect(clippy::cast_precision_loss, reason = "tests have few questions")]
    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        let known = lock(&self.known);
        if known.values().flatten().any(|example| example.contains("misleading")) {
            return Ok(0.0);
        }
        let examples = known.get(&skill).map_or(&[][..], Vec::as_slice);
        let hits = questions.iter().filter(|question| examples.contains(question)).count();
        Ok(hits as f64 / questions.len() as f64)
    }
}
