use crate::{DeltaSink, Outage, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bounds how many questions a skill is asked at once, so that one that is slow under load does not gather all that
/// this server has. One question more is refused at once: waiting would only make it late.
pub struct Bulkhead {
    inner: Arc<dyn Skill>,
    limit: usize,
    free: Semaphore,
}

impl Bulkhead {
    /// Lets `inner` be asked at most `limit` questions at once.
    pub fn new(inner: Arc<dyn Skill>, limit: usize) -> Self {
        Self { inner, limit, free: Semaphore::new(limit) }
    }
}

#[async_trait]
impl Skill for Bulkhead {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        self.answer_in_parts(request, &Unheard).await
    }

    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let _place = self.free.try_acquire().map_err(|_| SkillFailure::Busy(self.limit))?;
        self.inner.answer_in_parts(request, deltas).await
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        self.inner.ping().await
    }

    fn outage(&self) -> Option<Outage> {
        self.inner.outage()
    }

    fn is_exhausted(&self) -> bool {
        self.inner.is_exhausted()
    }
}
