use async_trait::async_trait;
use square_kernel::{Clock, KeyedHash, SkillId};
use square_limits::{Charge, LimitKey, Meter, Quota};
use square_skill_client::SkillClient;
use square_skills::ports::Connector;
use square_skills::protection::{Breaker, BreakerPolicy, Bulkhead, Throttle};
use square_skills::{
    BuiltinName, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillFailure, SkillRequest,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Connects remote skills through the client, with what protects from bad ones around them, and built-in ones through the
/// parts of this process.
pub(crate) struct Connections {
    pub(crate) client: Arc<SkillClient>,
    pub(crate) builtin: HashMap<BuiltinName, Arc<dyn Skill>>,
    pub(crate) protection: Protection,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outages: Arc<AtomicU64>,
    /// Counts how often each skill is asked.
    pub(crate) meter: Arc<Meter>,
    pub(crate) keyed_hash: Arc<dyn KeyedHash>,
}

/// How bad skills are kept from doing harm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protection {
    pub(crate) max_concurrent: usize,
    /// How often one skill is asked; as often as askers like where it is missing.
    pub(crate) rate: Option<Quota>,
    pub(crate) breaker: BreakerPolicy,
}

impl Connections {
    /// What is refused because of too many questions says nothing about the skill, so the breaker stands outside; and only
    /// what reaches the skill counts as asked.
    fn protect(&self, id: SkillId, skill: Arc<dyn Skill>) -> Arc<dyn Skill> {
        let skill = match self.protection.rate {
            None => skill,
            Some(quota) => {
                let key = LimitKey(self.keyed_hash.hash("limit-calls-to-skill", id.uuid().as_bytes()));
                Arc::new(Throttle::new(skill, Arc::clone(&self.meter), Charge { key, quota }))
            }
        };
        let bounded = Arc::new(Bulkhead::new(skill, self.protection.max_concurrent));
        let (clock, outages) = (Arc::clone(&self.clock), Arc::clone(&self.outages));
        Arc::new(Breaker::new(bounded, self.protection.breaker, clock, outages))
    }
}

impl Connector for Connections {
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        match &skill.address {
            SkillAddress::Remote { .. } => self.protect(skill.id, self.client.connect(skill)),
            SkillAddress::Builtin(name) => match self.builtin.get(name) {
                Some(builtin) => Arc::clone(builtin),
                None => Arc::new(Missing),
            },
        }
    }

    fn outages(&self) -> u64 {
        self.outages.load(Ordering::SeqCst)
    }
}

/// Stands for a built-in skill that this version does not have.
struct Missing;

#[async_trait]
impl Skill for Missing {
    async fn answer(&self, _request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        Err(SkillFailure::Unreachable)
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        Err(SkillFailure::Unreachable)
    }
}
