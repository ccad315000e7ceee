use crate::ports::Connector;
use crate::{Health, RegisteredSkill, Skill, SkillName};
use arc_swap::ArcSwap;
use square_kernel::SkillId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A registered skill with what answers for it.
pub struct Listed {
    /// What its owner registered.
    pub skill: RegisteredSkill,
    /// What the last ping told.
    pub health: Health,
    /// What answers.
    pub answers: Arc<dyn Skill>,
}

/// All skills at one moment. Never changes once made.
#[derive(Default)]
pub struct Snapshot {
    revision: u64,
    skills: Vec<Arc<Listed>>,
    by_id: HashMap<SkillId, usize>,
    by_name: HashMap<String, usize>,
}

impl Snapshot {
    /// Grows with every change, so that what was derived from a snapshot can be kept until it is stale.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// All skills, oldest first.
    pub fn all(&self) -> &[Arc<Listed>] {
        &self.skills
    }

    /// The skill with this id.
    pub fn by_id(&self, id: SkillId) -> Option<&Arc<Listed>> {
        self.by_id.get(&id).map(|&index| &self.skills[index])
    }

    /// The skill with this name, in any case.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Listed>> {
        self.by_name.get(&SkillName::key_of(name)).map(|&index| &self.skills[index])
    }

    fn new(revision: u64, mut skills: Vec<Arc<Listed>>) -> Self {
        skills.sort_by_key(|listed| listed.skill.id);
        let by_id = skills.iter().enumerate().map(|(index, listed)| (listed.skill.id, index)).collect();
        let by_name =
            skills.iter().enumerate().map(|(index, listed)| (listed.skill.name.key(), index)).collect();
        Self { revision, skills, by_id, by_name }
    }
}

/// Which skills exist, in memory: read without waiting, swapped whole on every change.
///
/// It follows the store; whoever changes the store tells the directory afterwards.
pub struct SkillDirectory {
    current: ArcSwap<Snapshot>,
    connector: Arc<dyn Connector>,
    /// Removed skills; held while the snapshot is changed.
    removed: Mutex<HashSet<SkillId>>,
}

impl SkillDirectory {
    /// An empty directory whose skills will be connected by `connector`.
    pub fn new(connector: Arc<dyn Connector>) -> Self {
        Self { current: ArcSwap::default(), connector, removed: Mutex::default() }
    }

    /// All skills as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Grows with every change to what is listed and to whether it is asked.
    pub fn revision(&self) -> u64 {
        self.snapshot().revision() + self.connector.outages()
    }

    /// Lists exactly these skills, but none that was removed.
    pub fn replace_all(&self, skills: Vec<RegisteredSkill>) {
        let listed: Vec<_> = skills.into_iter().map(|skill| self.listed(skill, Health::default())).collect();
        self.change(|_, removed| {
            listed.into_iter().filter(|listed| !removed.contains(&listed.skill.id)).collect()
        });
    }

    /// Lists a skill, in place of what was listed under its id. One that was removed stays away.
    pub fn put(&self, skill: RegisteredSkill) {
        self.change(|skills, removed| {
            let mut skills = skills.to_vec();
            if removed.contains(&skill.id) {
                return skills;
            }
            match skills.iter().position(|listed| listed.skill.id == skill.id) {
                Some(index) => {
                    let same_place = skills[index].skill.address == skill.address;
                    let health = if same_place { skills[index].health } else { Health::default() };
                    skills[index] = self.listed(skill, health);
                }
                None => skills.push(self.listed(skill, Health::default())),
            }
            skills
        });
    }

    /// Takes a skill off the list for good: identifiers are not used again.
    pub fn remove(&self, id: SkillId) {
        self.change(|skills, removed| {
            removed.insert(id);
            skills.iter().filter(|listed| listed.skill.id != id).cloned().collect()
        });
    }

    /// Notes what a ping told; makes a new snapshot only when that differs from before.
    pub fn set_health(&self, id: SkillId, health: Health) {
        if self.snapshot().by_id(id).is_none_or(|listed| listed.health == health) {
            return;
        }
        self.change(|skills, _| {
            let with_health = |listed: &Arc<Listed>| {
                if listed.skill.id != id {
                    return Arc::clone(listed);
                }
                let (skill, answers) = (listed.skill.clone(), Arc::clone(&listed.answers));
                Arc::new(Listed { skill, health, answers })
            };
            skills.iter().map(with_health).collect()
        });
    }

    fn listed(&self, skill: RegisteredSkill, health: Health) -> Arc<Listed> {
        let answers = self.connector.connect(&skill);
        Arc::new(Listed { skill, health, answers })
    }

    fn change(&self, change: impl FnOnce(&[Arc<Listed>], &mut HashSet<SkillId>) -> Vec<Arc<Listed>>) {
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load();
        let after = Snapshot::new(before.revision + 1, change(&before.skills, &mut removed));
        self.current.store(Arc::new(after));
    }
}
