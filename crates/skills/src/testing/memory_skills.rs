use super::memory_proposals::Feedback;
use crate::RegisteredSkill;
use crate::ports::{SkillStore, Written};
use crate::training::{TrainingId, TrainingRecord, TrainingSet, TrainingState};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Caller, SessionId, SkillId, Unavailable, UserId};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Keeps skills in memory, with what askers say of them.
#[derive(Debug, Default)]
pub struct MemorySkills(pub(super) Mutex<State>);

#[derive(Debug, Default)]
pub(super) struct State {
    broken: bool,
    silent: bool,
    owners: HashSet<UserId>,
    ended: HashSet<SessionId>,
    pub(super) skills: BTreeMap<SkillId, RegisteredSkill>,
    /// In the order they began: of each skill the one it is published with and the newest.
    pub(super) trainings: Vec<Training>,
    pub(super) feedback: Feedback,
}

#[derive(Debug)]
pub(super) struct Training {
    pub(super) record: TrainingRecord,
    pub(super) examples: Option<TrainingSet>,
}

impl Training {
    pub(super) fn is_published(&self) -> bool {
        matches!(self.record.state, TrainingState::Published { .. })
    }

    pub(super) fn is_running(&self) -> bool {
        self.record.state == TrainingState::Running
    }
}

impl State {
    fn name_is_taken(&self, skill: &RegisteredSkill) -> bool {
        let key = skill.name.key();
        self.skills.values().any(|other| other.id != skill.id && other.name.key() == key)
    }

    /// Whether somebody holds still what they asked with; sessions of those who may own skills are live until they end.
    pub(super) fn is_still(&self, by: Option<Caller>) -> bool {
        by.is_none_or(|by| self.owners.contains(&by.user) && !self.ended.contains(&by.session))
    }

    /// The training that a skill is published with.
    pub(super) fn published(&self, skill: SkillId) -> Option<&Training> {
        self.trainings.iter().find(|one| one.record.skill == skill && one.is_published())
    }

    fn drop_trainings(&mut self, skill: SkillId) {
        self.trainings.retain(|training| training.record.skill != skill);
    }
}

impl MemorySkills {
    /// An empty store; nobody may own skills until [`MemorySkills::let_own`].
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on `user` may own skills.
    pub fn let_own(&self, user: UserId) {
        lock(&self.0).owners.insert(user);
    }

    /// Ends a session.
    pub fn end_session(&self, session: SessionId) {
        lock(&self.0).ended.insert(session);
    }

    /// Whether every call fails.
    pub fn set_broken(&self, broken: bool) {
        lock(&self.0).broken = broken;
    }

    /// From now on whoever looks for a skill waits for ever.
    pub fn fall_silent(&self) {
        lock(&self.0).silent = true;
    }

    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        let state = lock(&self.0);
        if state.broken { Err(Unavailable::new("the store is broken")) } else { Ok(state) }
    }
}

#[async_trait]
impl SkillStore for MemorySkills {
    async fn may_own(&self, user: UserId) -> Result<bool, Unavailable> {
        Ok(self.state()?.owners.contains(&user))
    }

    async fn insert(
        &self,
        skill: &RegisteredSkill,
        by: Option<Caller>,
        at_most: Option<u32>,
    ) -> Result<Written, Unavailable> {
        let mut state = self.state()?;
        if !state.is_still(by) {
            return Ok(Written::Overtaken);
        }
        let owned = state.skills.values().filter(|other| other.owner == skill.owner).count();
        if at_most.is_some_and(|at_most| owned >= at_most as usize) {
            return Ok(Written::TooMany);
        }
        if state.name_is_taken(skill) {
            return Ok(Written::NameTaken);
        }
        state.skills.insert(skill.id, skill.clone());
        Ok(Written::Done)
    }

    async fn update(
        &self,
        skill: &RegisteredSkill,
        seen: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable> {
        let mut state = self.state()?;
        if !state.is_still(by) {
            return Ok(Written::Overtaken);
        }
        let taken = state.name_is_taken(skill);
        let Some(stored) = state.skills.get_mut(&skill.id) else { return Ok(Written::Gone) };
        if stored.updated_at != seen {
            return Ok(Written::Changed);
        }
        if taken {
            return Ok(Written::NameTaken);
        }
        stored.name = skill.name.clone();
        stored.description = skill.description.clone();
        stored.address = skill.address.clone();
        stored.secret.clone_from(&skill.secret);
        stored.signing.clone_from(&skill.signing);
        stored.model.clone_from(&skill.model);
        stored.updated_at = skill.updated_at;
        Ok(Written::Done)
    }

    async fn delete(&self, id: SkillId) -> Result<bool, Unavailable> {
        let mut state = self.state()?;
        state.drop_trainings(id);
        state.feedback.forget_skill(id);
        Ok(state.skills.remove(&id).is_some())
    }

    async fn find(&self, id: SkillId) -> Result<Option<RegisteredSkill>, Unavailable> {
        if lock(&self.0).silent {
            std::future::pending::<()>().await;
        }
        Ok(self.state()?.skills.get(&id).cloned())
    }

    async fn all(&self) -> Result<Vec<RegisteredSkill>, Unavailable> {
        Ok(self.state()?.skills.values().cloned().collect())
    }

    async fn begin_training(
        &self,
        id: TrainingId,
        skill: SkillId,
        examples: &TrainingSet,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable> {
        let mut state = self.state()?;
        if !state.is_still(by) {
            return Ok(Written::Overtaken);
        }
        if !state.skills.contains_key(&skill) {
            return Ok(Written::Gone);
        }
        state.trainings.retain(|training| training.record.skill != skill || training.is_published());
        let record = TrainingRecord {
            id,
            skill,
            state: TrainingState::Running,
            train_examples: u32::try_from(examples.train.len()).map_err(Unavailable::new)?,
            dev_examples: u32::try_from(examples.dev.len()).map_err(Unavailable::new)?,
            started_at: at,
            finished_at: None,
        };
        state.trainings.push(Training { record, examples: Some(examples.clone()) });
        Ok(Written::Done)
    }

    async fn finish_training(
        &self,
        id: TrainingId,
        outcome: &TrainingState,
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable> {
        let mut state = self.state()?;
        let State { skills, trainings, .. } = &mut *state;
        let running = trainings.iter_mut().find(|one| one.record.id == id && one.is_running());
        let Some(training) = running else { return Ok(None) };
        let Some(skill) = skills.get_mut(&training.record.skill) else { return Ok(None) };
        training.record.state = outcome.clone();
        training.record.finished_at = Some(at);
        if training.is_published() {
            let learnt = training.examples.iter().flat_map(|examples| examples.train.iter());
            skill.samples = learnt.take(RegisteredSkill::SAMPLES).cloned().collect();
            skill.published = true;
            skill.updated_at = at;
            trainings.retain(|one| one.record.skill != skill.id || one.record.id == id);
        } else {
            training.examples = None;
        }
        Ok(Some(skill.clone()))
    }

    async fn unpublish(&self, skill: SkillId, at: Timestamp) -> Result<Option<RegisteredSkill>, Unavailable> {
        let mut state = self.state()?;
        state.drop_trainings(skill);
        let stored = state.skills.get_mut(&skill).map(|stored| {
            stored.published = false;
            stored.samples = Arc::default();
            stored.updated_at = at;
            stored.clone()
        });
        Ok(stored)
    }

    async fn training(&self, skill: SkillId) -> Result<Option<TrainingRecord>, Unavailable> {
        let state = self.state()?;
        let newest = state.trainings.iter().rfind(|training| training.record.skill == skill);
        Ok(newest.map(|training| training.record.clone()))
    }

    async fn examples(&self, training: TrainingId) -> Result<Option<TrainingSet>, Unavailable> {
        let state = self.state()?;
        let found = state.trainings.iter().find(|one| one.record.id == training);
        Ok(found.and_then(|training| training.examples.clone()))
    }

    async fn running_trainings(&self) -> Result<Vec<TrainingRecord>, Unavailable> {
        let state = self.state()?;
        let running = state.trainings.iter().filter(|training| training.is_running());
        Ok(running.map(|training| training.record.clone()).collect())
    }

    async fn examples_of_published(&self, skill: SkillId) -> Result<Option<TrainingSet>, Unavailable> {
        Ok(self.state()?.published(skill).and_then(|training| training.examples.clone()))
    }

    async fn published_examples(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable> {
        let state = self.state()?;
        let published = state.trainings.iter().filter(|training| training.is_published());
        let examples = published.filter_map(|training| {
            let examples = training.examples.as_ref()?;
            Some((training.record.skill, Arc::clone(&examples.train)))
        });
        Ok(examples.collect())
    }
}
