use super::MemoryAccounts;
use crate::ports::{Consequences, SessionList, SessionRecord};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

#[async_trait]
impl SessionList for MemoryAccounts {
    async fn live(
        &self,
        user: UserId,
        at: Timestamp,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        let state = self.state();
        let wanted = |record: &&SessionRecord| {
            record.user == user
                && record.ended_at.is_none()
                && record.expires_at > at
                && page.after.is_none_or(|after| record.id < after)
        };
        let rows = state.sessions.values().rev().filter(wanted).take(usize::from(page.limit.get()) + 1);
        Ok(Slice::from_surplus(rows.cloned().collect(), page.limit, |record| record.id))
    }

    async fn newest(&self, user: UserId, at_most: u32) -> Result<Vec<SessionRecord>, Unavailable> {
        let state = self.state();
        let own = state.sessions.values().rev().filter(|record| record.user == user);
        Ok(own.take(at_most as usize).cloned().collect())
    }

    async fn end_own(
        &self,
        user: UserId,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let live = |record: &&mut SessionRecord| {
            record.user == user && record.ended_at.is_none() && record.expires_at > at
        };
        let Some(record) = state.sessions.get_mut(&session).filter(live) else { return Ok(false) };
        record.ended_at = Some(at);
        state.follow(consequences);
        Ok(true)
    }

    async fn end_others(
        &self,
        user: UserId,
        kept: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let mut state = self.state();
        let mut ended = Vec::new();
        for record in state.sessions.values_mut() {
            if record.user == user && record.id != kept && record.ended_at.is_none() {
                record.ended_at = Some(at);
                ended.push(record.id);
            }
        }
        if !ended.is_empty() {
            state.follow(consequences);
        }
        Ok(ended)
    }
}
