use jiff::SignedDuration;
use square_kernel::testing::{ManualClock, PlainHash, SeededRandomness};
use square_kernel::{Asker, Clock, Identity, Permissions, Sealed, SessionId, SkillId, UserId};
use square_limits::Meter;
use square_routing::testing::{MemoryLog, ScriptedSelector};
use square_routing::{
    Example, FairUse, LogEvent, Question, QuestionText, Router, RouterParts, RouterPolicy, Selection,
    Selector, SelectorRef, SkillRef,
};
use square_skills::testing::{ScriptedConnector, ScriptedSkill, SkillScript};
use square_skills::{
    BuiltinName, RegisteredSkill, SkillAddress, SkillDescription, SkillDirectory, SkillName,
};
use std::sync::Arc;
use std::time::Duration;

/// How long questions go on unwatched, and for how long they are kept.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
pub(crate) const DELTAS_KEPT: SignedDuration = SignedDuration::from_hours(24);

const POLICY: RouterPolicy = RouterPolicy {
    grace: GRACE,
    questions_kept: Some(KEPT),
    deltas_kept: DELTAS_KEPT,
    fair_use: FairUse::UNLIMITED,
};

/// A router over skills named a, b, c…, of which each has its script.
pub(crate) struct World {
    pub(crate) router: Arc<Router>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) scripts: Vec<SkillScript>,
    pub(crate) skills: Vec<RegisteredSkill>,
    pub(crate) owner: UserId,
    pub(crate) clock: Arc<ManualClock>,
    directory: Arc<SkillDirectory>,
    selectors: Vec<Arc<dyn Selector>>,
}

/// One of several processes on one database.
pub(crate) struct Instance {
    pub(crate) router: Arc<Router>,
    pub(crate) log: Arc<MemoryLog>,
}

impl World {
    /// Published skills with these scores.
    pub(crate) fn new(scores: &[f32]) -> Self {
        Self::with(scores, |_, _| {})
    }

    pub(crate) fn with(scores: &[f32], adjust: impl Fn(usize, &mut RegisteredSkill)) -> Self {
        Self::connected(scores, adjust, |_| {})
    }

    pub(crate) fn connected(
        scores: &[f32],
        adjust: impl Fn(usize, &mut RegisteredSkill),
        connect: impl FnOnce(&ScriptedConnector),
    ) -> Self {
        let scores: Vec<_> = scores.iter().copied().map(Some).collect();
        Self::made(&scores, adjust, connect, |_| Vec::new(), true)
    }

    /// Published skills, some of which no selector knows.
    pub(crate) fn known(scores: &[Option<f32>]) -> Self {
        Self::made(scores, |_, _| {}, |_| {}, |_| Vec::new(), true)
    }

    /// Published skills with these scores, whose questions are kept here.
    pub(crate) fn beside(scores: &[f32], log: MemoryLog) -> Self {
        let scores: Vec<_> = scores.iter().copied().map(Some).collect();
        Self::kept(&scores, |_, _| {}, |_| {}, |_| Vec::new(), true, log)
    }

    /// Published skills with these scores, whose example questions the selector `Square` knows.
    pub(crate) fn with_examples(scores: &[f32], examples: impl Fn(usize) -> Vec<Example>) -> Self {
        let scores: Vec<_> = scores.iter().copied().map(Some).collect();
        Self::made(&scores, |_, _| {}, |_| {}, examples, true)
    }

    /// Published skills with these scores, and nobody who ranks where a selector cannot.
    pub(crate) fn without_fallback(scores: &[f32]) -> Self {
        let scores: Vec<_> = scores.iter().copied().map(Some).collect();
        Self::made(&scores, |_, _| {}, |_| {}, |_| Vec::new(), false)
    }

    fn made(
        scores: &[Option<f32>],
        adjust: impl Fn(usize, &mut RegisteredSkill),
        connect: impl FnOnce(&ScriptedConnector),
        examples: impl Fn(usize) -> Vec<Example>,
        fallback: bool,
    ) -> Self {
        Self::kept(scores, adjust, connect, examples, fallback, MemoryLog::default())
    }

    fn kept(
        scores: &[Option<f32>],
        adjust: impl Fn(usize, &mut RegisteredSkill),
        connect: impl FnOnce(&ScriptedConnector),
        examples: impl Fn(usize) -> Vec<Example>,
        fallback: bool,
        log: MemoryLog,
    ) -> Self {
        let (clock, randomness) = (Arc::new(ManualClock::default()), Arc::new(SeededRandomness::default()));
        let owner = UserId::new(&*clock, &*randomness);
        let connector = ScriptedConnector::default();
        let (mut scripts, mut skills) = (Vec::new(), Vec::new());
        for index in 0..scores.len() {
            clock.advance(jiff::SignedDuration::from_millis(1));
            let name = char::from(b'a' + u8::try_from(index).unwrap()).to_string();
            let mut skill = RegisteredSkill {
                id: SkillId::new(&*clock, &*randomness),
                owner,
                name: SkillName::parse(&name).unwrap(),
                description: SkillDescription::default(),
                address: SkillAddress::Builtin(BuiltinName::new(&name)),
                secret: None::<Sealed>,
                signing: None,
                model: None,
                published: true,
                samples: Arc::new([]),
                created_at: clock.now(),
                updated_at: clock.now(),
            };
            adjust(index, &mut skill);
            let (scripted, script) = ScriptedSkill::new();
            connector.put(&skill.address.url(), scripted);
            scripts.push(script);
            skills.push(skill);
        }
        connect(&connector);
        let directory = Arc::new(SkillDirectory::new(Arc::new(connector)));
        directory.replace_all(skills.clone());
        let known = skills.iter().zip(scores).filter_map(|(skill, score)| Some((skill.id, (*score)?)));
        let known: Vec<_> = known.collect();
        let square = ScriptedSelector::new("Square", known.clone());
        let square = skills
            .iter()
            .enumerate()
            .fold(square, |square, (index, skill)| square.with_examples(skill.id, examples(index)));
        let selectors: Vec<Arc<dyn Selector>> = vec![
            Arc::new(square),
            Arc::new(ScriptedSelector::new("Base", known.clone()).asking_unpublished()),
            Arc::new(ScriptedSelector::new("Elsewhere", known).failing("it is out")),
        ];
        let log = Arc::new(log);
        let fallback = fallback.then(|| Arc::clone(&selectors[0]));
        let parts = RouterParts {
            directory: directory.clone(),
            selectors: selectors.clone(),
            fallback,
            log: log.clone(),
            clock: clock.clone(),
            randomness,
            meter: Arc::new(Meter::new(clock.clone())),
            keyed_hash: Arc::new(PlainHash),
            policy: POLICY,
        };
        Self {
            router: Arc::new(Router::new(parts)),
            log,
            scripts,
            skills,
            owner,
            clock,
            directory,
            selectors,
        }
    }

    /// The same where the operator says how much askers may ask.
    pub(crate) fn fair(self, fair_use: FairUse) -> Self {
        let parts = RouterParts {
            directory: self.directory.clone(),
            selectors: self.selectors.clone(),
            fallback: None,
            log: self.log.clone(),
            clock: self.clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
            meter: Arc::new(Meter::new(self.clock.clone())),
            keyed_hash: Arc::new(PlainHash),
            policy: RouterPolicy { fair_use, ..POLICY },
        };
        Self { router: Arc::new(Router::new(parts)), ..self }
    }

    /// Another instance on the same database, which knows no skills.
    pub(crate) fn other_instance(&self) -> Instance {
        let log = Arc::new(self.log.at_another_instance());
        let router = Router::new(RouterParts {
            directory: Arc::new(SkillDirectory::new(Arc::new(ScriptedConnector::default()))),
            selectors: vec![Arc::new(ScriptedSelector::new("Square", []))],
            fallback: None,
            log: log.clone(),
            clock: self.clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
            meter: Arc::new(Meter::new(self.clock.clone())),
            keyed_hash: Arc::new(PlainHash),
            policy: POLICY,
        });
        Instance { router: Arc::new(router), log }
    }

    pub(crate) fn signed_in(&self) -> Asker {
        let session = SessionId::from(self.owner.uuid());
        let (user, username, roles) = (self.owner, "ann".into(), Arc::new([]));
        let identity = Identity { user, session, username, roles, rights: 0 };
        Asker::signed_in(identity, Permissions::default())
    }
}

pub(crate) fn anybody() -> Asker {
    Asker::default()
}

pub(crate) fn question() -> Question {
    Question::new(QuestionText::parse("question", "Who played in Heat?").unwrap())
}

pub(crate) fn by_name(name: &str) -> SelectorRef {
    SelectorRef { field: "options.selector", name: name.to_owned() }
}

pub(crate) fn named(names: &[&str]) -> Selection {
    let skills = names.iter().map(|name| SkillRef::Name((*name).to_owned())).collect();
    Selection::Only { field: "options.selectedSkills", skills }
}

/// The name of the skill in an entry and what it said, or the ending.
pub(crate) fn told(event: &LogEvent) -> String {
    match event {
        LogEvent::SkillResult(outcome) => match &outcome.answer {
            Ok(items) => format!("{}: {} items", outcome.skill.name, items.len()),
            Err(error) => format!("{}: {}", outcome.skill.name, error.code),
        },
        LogEvent::SkillStarted(skill) => format!("{} starts", skill.name),
        LogEvent::AnswerDelta(delta) => format!("…{}", delta.text),
        LogEvent::Deadline => "late".to_owned(),
        LogEvent::Finished(finish) => finish.ending.as_str().to_owned(),
    }
}
