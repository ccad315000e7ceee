use square_kernel::testing::{ManualClock, PlainHash, SeededRandomness, TransparentSealer};
use square_kernel::{
    Asker, Identity, OsRandomness, Permissions, Secret, SessionId, SkillId, SystemClock, UserId,
};
use square_limits::testing::MemoryLimits;
use square_skills::ports::Learner;
use square_skills::testing::{
    MemoryLearner, MemoryModels, MemorySkills, RefusingGuard, ScriptedConnector, ScriptedProber,
};
use square_skills::{
    Listed, ProbePolicy, Protocol, SkillDescription, SkillDirectory, SkillFields, SkillName, SkillUrl,
    Skills, SkillsParts, TrainingSet,
};
use std::sync::Arc;

pub(crate) const REFUSED: &str = "http://10.0.0.1";

/// Skills on stand-ins, an owner and somebody else, both confirmed.
/// How many skills one account may own.
pub(crate) const MOST: u32 = 20;

pub(crate) struct World {
    pub(crate) skills: Arc<Skills>,
    pub(crate) store: Arc<MemorySkills>,
    pub(crate) models: Arc<MemoryModels>,
    pub(crate) directory: Arc<SkillDirectory>,
    pub(crate) connector: Arc<ScriptedConnector>,
    pub(crate) prober: Arc<ScriptedProber>,
    pub(crate) learners: Vec<Arc<MemoryLearner>>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) owner: Asker,
    pub(crate) other: Asker,
}

pub(crate) fn signed_in() -> Asker {
    let identity = Identity {
        user: UserId::new(&SystemClock, &OsRandomness),
        session: SessionId::new(&SystemClock, &OsRandomness),
        username: "somebody".into(),
        roles: Arc::default(),
        rights: 0,
    };
    Asker::signed_in(identity, Permissions::default())
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(vec![MemoryLearner::new("Square")])
    }

    pub(crate) fn with(learners: Vec<MemoryLearner>) -> Self {
        let learners: Vec<_> = learners.into_iter().map(Arc::new).collect();
        Self { learners: learners.clone(), ..Self::learning(as_parts(&learners)) }
    }

    /// One whose operator lets so much be probed.
    pub(crate) fn probing(policy: ProbePolicy) -> Self {
        Self::of(as_parts(&[Arc::new(MemoryLearner::new("Square"))]), policy)
    }

    /// With learners of the test's own.
    pub(crate) fn learning(learners: Vec<Arc<dyn Learner>>) -> Self {
        Self::of(learners, ProbePolicy::default())
    }

    fn of(learners: Vec<Arc<dyn Learner>>, probing: ProbePolicy) -> Self {
        let (store, models) = (Arc::new(MemorySkills::new()), Arc::new(MemoryModels::default()));
        let (owner, other) = (signed_in(), signed_in());
        store.let_own(owner.user().unwrap());
        store.let_own(other.user().unwrap());
        let connector = Arc::new(ScriptedConnector::default());
        let clock = Arc::new(ManualClock::default());
        let prober = Arc::new(ScriptedProber::default());
        let (skills, directory) =
            assemble((&store, &models), (&connector, &prober), learners, &clock, probing);
        let learners = Vec::new();
        Self { skills, store, models, directory, connector, prober, learners, clock, owner, other }
    }

    /// Another process on the same store, at the same time.
    pub(crate) fn beside(&self, learner: MemoryLearner) -> Self {
        let learners = vec![Arc::new(learner)];
        let (skills, directory) = assemble(
            (&self.store, &self.models),
            (&self.connector, &self.prober),
            as_parts(&learners),
            &self.clock,
            ProbePolicy::default(),
        );
        Self {
            skills,
            store: self.store.clone(),
            models: self.models.clone(),
            directory,
            connector: self.connector.clone(),
            prober: self.prober.clone(),
            learners,
            clock: self.clock.clone(),
            owner: self.owner.clone(),
            other: self.other.clone(),
        }
    }

    /// What another process makes of the same store.
    pub(crate) fn restarted(self, learner: MemoryLearner) -> Self {
        let learners = vec![Arc::new(learner)];
        let (skills, directory) = assemble(
            (&self.store, &self.models),
            (&self.connector, &self.prober),
            as_parts(&learners),
            &self.clock,
            ProbePolicy::default(),
        );
        Self { skills, directory, learners, ..self }
    }

    pub(crate) async fn registered(&self, name: &str) -> SkillId {
        self.skills.register(&self.owner, fields(name)).await.unwrap().skill.id
    }

    pub(crate) async fn published(&self, name: &str) -> SkillId {
        let id = self.registered(name).await;
        self.skills.train(&self.owner, id, examples("a")).await.unwrap();
        self.skills.train_next().await.unwrap().unwrap();
        id
    }

    pub(crate) fn listed(&self, id: SkillId) -> Arc<Listed> {
        Arc::clone(self.directory.snapshot().by_id(id).unwrap())
    }

    /// What the first learner knows of a skill.
    pub(crate) fn known(&self, id: SkillId) -> Option<Vec<String>> {
        self.learners[0].known().get(&id).cloned()
    }
}

fn as_parts(learners: &[Arc<MemoryLearner>]) -> Vec<Arc<dyn Learner>> {
    learners.iter().map(|learner| Arc::clone(learner) as _).collect()
}

fn assemble(
    (store, models): (&Arc<MemorySkills>, &Arc<MemoryModels>),
    (connector, prober): (&Arc<ScriptedConnector>, &Arc<ScriptedProber>),
    learners: Vec<Arc<dyn Learner>>,
    clock: &Arc<ManualClock>,
    probing: ProbePolicy,
) -> (Arc<Skills>, Arc<SkillDirectory>) {
    let directory = Arc::new(SkillDirectory::new(Arc::clone(connector) as _));
    let parts = SkillsParts {
        store: Arc::clone(store) as _,
        models: Arc::clone(models) as _,
        directory: Arc::clone(&directory),
        guard: Arc::new(RefusingGuard::of([REFUSED])),
        prober: Arc::clone(prober) as _,
        learners,
        sealer: Arc::new(TransparentSealer),
        limits: Arc::new(MemoryLimits::default()),
        keyed_hash: Arc::new(PlainHash),
        probing,
        most_per_owner: Some(MOST),
        clock: Arc::clone(clock) as _,
        randomness: Arc::new(SeededRandomness::default()),
    };
    (Arc::new(Skills::new(parts)), directory)
}

/// A skill called `name` at `http://name.example`.
pub(crate) fn fields(name: &str) -> SkillFields {
    SkillFields {
        name: SkillName::parse(name).unwrap(),
        url: url(&format!("http://{}.example", name.to_lowercase())),
        description: SkillDescription::parse("Knows much.").unwrap(),
        protocol: Some(Protocol::Square),
        secret: Some(Secret::new("open-sesame")),
        model: None,
    }
}

pub(crate) fn url(text: &str) -> SkillUrl {
    SkillUrl::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> SkillName {
    SkillName::parse(text).unwrap()
}

/// Seven questions to learn from, of which the first is held out too, with one that is not to be learnt.
pub(crate) fn examples(prefix: &str) -> TrainingSet {
    let train = (1..=7).map(|n| format!("{prefix} {n}?")).collect();
    TrainingSet { train, dev: [format!("{prefix} 1?"), "never heard of?".into()].into() }
}
