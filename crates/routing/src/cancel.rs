use crate::watch::readable;
use crate::{QuestionId, Router};
use square_kernel::Asker;

impl Router {
    /// Ends a question early: skills that have not answered are no longer waited for. `false` when there is
    /// no such question of this asker under way.
    pub fn cancel(&self, asker: &Asker, id: QuestionId) -> bool {
        let Some(live) = self.live.get(id) else { return false };
        let allowed = readable(asker, live.record.asker).is_ok();
        if allowed {
            live.cancel();
        }
        allowed
    }
}
