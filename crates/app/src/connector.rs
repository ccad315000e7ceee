use async_trait::async_trait;
use square_kernel::{Clock, KeyedHash, SkillId};
use square_limits::{Charge, LimitKey, Meter, Quota};
use square_skill_client::SkillClient;
use square_skills::ports::Connector;
use square_skills::protection::{Breaker, BreakerPolicy, Bulkhead, Throttle};
use square_skills::{
    BuiltinName, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillFailure, SkillRequest, SkillUrl,
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
    /// Counts how often each skill is asked, and each host called.
    pub(crate) meter: Arc<Meter>,
    pub(crate) keyed_hash: Arc<dyn KeyedHash>,
}

/// How bad skills are kept from doing harm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protection {
    pub(crate) max_concurrent: usize,
    /// How often one skill is asked; as often as askers like where it is missing.
    pub(crate) rate: Option<Quota>,
    /// How often one host is called for questions and pings, whichever skills are there.
    pub(crate) rate_per_host: Option<Quota>,
    pub(crate) breaker: BreakerPolicy,
}

impl Connections {
    /// What is refused because of too many questions says nothing about the skill, so the breaker stands outside; and only
    /// what reaches the skill counts as asked.
    fn protect(&self, id: SkillId, url: &SkillUrl, skill: Arc<dyn Skill>) -> Arc<dyn Skill> {
        let charge = |quota: Option<Quota>, purpose, subject: &[u8]| {
            Some(Charge { key: LimitKey(self.keyed_hash.hash(purpose, subject)), quota: quota? })
        };
        let own = charge(self.protection.rate, "limit-calls-to-skill", id.uuid().as_bytes());
        let host = charge(self.protection.rate_per_host, "limit-calls-to-host", &url.host());
        let throttle = Arc::new(Throttle::new(skill, Arc::clone(&self.meter), own, host));
        let bounded = Arc::new(Bulkhead::new(throttle, self.protection.max_concurrent));
        let (clock, outages) = (Arc::clone(&self.clock), Arc::clone(&self.outages));
        Arc::new(Breaker::new(bounded, self.protection.breaker, clock, outages))
    }
}

impl Connector for Connections {
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        match &skill.address {
            SkillAddress::Remote { url, .. } => self.protect(skill.id, url, self.client.connect(skill)),
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
