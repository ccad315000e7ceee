use crate::{DeltaSink, Outage, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use async_trait::async_trait;
use square_limits::{Charge, Meter};
use std::sync::Arc;

/// Bounds how often a skill is asked, so that all askers together do not overrun somebody's service. One question more is
/// refused at once: waiting would only make it late.
pub struct Throttle {
    inner: Arc<dyn Skill>,
    meter: Arc<Meter>,
    charge: Charge,
}

impl Throttle {
    /// Lets `inner` be asked as often as `charge` can be spent from `meter`.
    pub fn new(inner: Arc<dyn Skill>, meter: Arc<Meter>, charge: Charge) -> Self {
        Self { inner, meter, charge }
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
        self.meter.spend(self.charge).map_err(|too_many| SkillFailure::RateLimited {
            retry_in: too_many.retry_after.unsigned_abs(),
        })?;
        self.inner.answer_in_parts(request, deltas).await
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        self.inner.ping().await
    }

    fn outage(&self) -> Option<Outage> {
        self.inner.outage()
    }

    fn is_exhausted(&self) -> bool {
        !self.meter.has_left(self.charge)
    }
}
