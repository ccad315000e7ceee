use crate::Router;
use square_kernel::Unavailable;

/// How many questions are deleted at once: the database does other things in between.
const AT_ONCE: u32 = 100;

impl Router {
    /// Deletes some of the questions that were kept for long enough, with their answers, and some of the pieces in which
    /// answers came. Tells whether there may be more.
    pub async fn forget_old(&self) -> Result<bool, Unavailable> {
        let (parts, now) = (&self.parts, self.parts.clock.now());
        let pieces = parts.log.forget_deltas(now - parts.policy.deltas_kept, AT_ONCE).await?;
        let questions = match parts.policy.questions_kept {
            Some(kept) => parts.log.forget(now - kept, AT_ONCE).await?,
            None => 0,
        };
        Ok(pieces == AT_ONCE || questions == AT_ONCE)
    }
}
