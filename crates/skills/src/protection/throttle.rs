use crate::{DeltaSink, Outage, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use async_trait::async_trait;
use square_limits::{Charge, Meter, TooMany};
use std::sync::Arc;

/// Bounds how often a skill is asked and its host is called, so that all askers together do not overrun somebody's service, under
/// however many names it is registered. One question more is refused at once: waiting would only make it late.
pub struct Throttle {
    inner: Arc<dyn Skill>,
    meter: Arc<Meter>,
    /// What a question costs, and what a ping does.
    question: Vec<Charge>,
    ping: Vec<Charge>,
}

impl Throttle {
    /// Lets `inner` be asked as often as both charges can be spent from `meter`, that for the skill and that for its host; and be pinged
    /// as often as the latter can. One that is missing bounds nothing.
    pub fn new(
        inner: Arc<dyn Skill>,
        meter: Arc<Meter>,
        skill: Option<Charge>,
        host: Option<Charge>,
    ) -> Self {
        let question = skill.into_iter().chain(host).collect();
        Self { inner, meter, question, ping: host.into_iter().collect() }
    }

    fn spend(&self, charges: &[Charge]) -> Result<(), SkillFailure> {
        let refused =
            |TooMany { retry_after }| SkillFailure::RateLimited { retry_in: retry_after.unsigned_abs() };
        self.meter.spend(charges).map_err(refused)
    }
}

#[async_trait]
impl Skill for Throttle {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        self.answer_in_parts(request, &Unheard).await
    }

    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        self.spend(&self.question)?;
        self.inner.answer_in_parts(request, deltas).await
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        self.spend(&self.ping)?;
        self.inner.ping().await
    }

    fn outage(&self) -> Option<Outage> {
        self.inner.outage()
    }

    fn is_exhausted(&self) -> bool {
        !self.meter.have_left(&self.question)
    }
}
