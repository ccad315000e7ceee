use crate::watch::readable;
use crate::{QuestionId, Router};
use square_kernel::{Asker, Unavailable};

impl Router {
    /// Ends a question early: skills that have not answered are no longer waited for. `false` when there is
    /// no such question of this asker under way.
    ///
    /// One that another instance works on goes on until that one has heard of it; see [`Router::cancel_here`].
    pub async fn cancel(&self, asker: &Asker, id: QuestionId) -> Result<bool, Unavailable> {
        match self.cancel_now(asker, id) {
            Some(found) => Ok(found),
            None => self.parts.log.request_cancel(id, asker.user(), self.parts.clock.now()).await,
        }
    }

    /// Like [`Router::cancel`], but of a question that this instance works on; `None` when it works on no such question.
    pub fn cancel_now(&self, asker: &Asker, id: QuestionId) -> Option<bool> {
        let live = self.live.get(id)?;
        let allowed = readable(asker, live.record.asker).is_ok();
        if allowed {
            live.cancel();
        }
        Some(allowed)
    }

    /// Ends a question early that its asker gave up at any instance; to be called for each request that
    /// [`QuestionLog::request_cancel`](crate::QuestionLog::request_cancel) told of. Nothing happens when it is not
    /// under way here.
    pub fn cancel_here(&self, id: QuestionId) {
        if let Some(live) = self.live.get(id) {
            live.cancel();
        }
    }
}
