use super::MemoryAccounts;
use crate::account::Account;
use crate::ports::{Consequences, Rotation, SessionRecord, SessionStore, SigningKeyStore, StoredSigningKey};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SessionId, Unavailable};

#[async_trait]
impl SessionStore for MemoryAccounts {
    async fn open(
        &self,
        session: &SessionRecord,
        credentials: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let usable = |account: &Account| {
            let asks = account.mfa_enabled_at.is_some() && !session.second_factor;
            let as_read = account.credentials == credentials;
            account.id == session.user && account.is_active() && as_read && !asks
        };
        let opened = state.accounts.iter().any(|(account, _)| usable(account));
        if opened {
            state.sessions.insert(session.id, session.clone());
            state.follow(consequences);
        }
        Ok(opened)
    }

    async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable> {
        Ok(self.state().sessions.get(&session).cloned())
    }

    async fn rotate(
        &self,
        session: SessionId,
        from: u32,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        let mut state = self.state();
        let Some(record) = state.sessions.get_mut(&session) else { return Ok(Rotation::Unknown) };
        if record.generation != from || record.ended_at.is_some() || record.expires_at <= at {
            return Ok(Rotation::Stale(record.clone()));
        }
        record.generation += 1;
        record.rotated_at = at;
        record.expires_at = record.ends_at.map_or(expires_at, |ends_at| ends_at.min(expires_at));
        Ok(Rotation::Rotated(record.clone()))
    }

    async fn end(
        &self,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let live = state.sessions.get_mut(&session).filter(|record| record.ended_at.is_none());
        let ended = live.map(|record| record.ended_at = Some(at)).is_some();
        if ended {
            state.follow(consequences);
        }
        Ok(ended)
    }

    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable> {
        let state = self.state();
        let all = state.sessions.values().chain(state.ended_sessions.values());
        let ended = all.filter_map(|record| Some((record.id, record.ended_at?)));
        Ok(ended.filter(|(_, at)| *at >= since).collect())
    }

    async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut state = self.state();
        let mut forgotten = 0;
        let mut keep = |_: &SessionId, record: &mut SessionRecord| {
            let kept = record.expires_at >= before || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        };
        state.sessions.retain(&mut keep);
        state.ended_sessions.retain(keep);
        Ok(forgotten)
    }
}

#[async_trait]
impl SigningKeyStore for MemoryAccounts {
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable> {
        Ok(self.state().keys.iter().rev().cloned().collect())
    }

    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable> {
        let mut state = self.state();
        if state.keys.is_empty() {
            state.keys.push(key.clone());
        }
        Ok(())
    }

    async fn add_next(&self, key: &StoredSigningKey, newest: &str) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if state.keys.last().is_none_or(|last| last.id != newest) {
            return Ok(false);
        }
        state.keys.push(key.clone());
        Ok(true)
    }

    async fn replace_all(&self, key: &StoredSigningKey, newest: &str) -> Result<Option<u32>, Unavailable> {
        let mut state = self.state();
        if state.keys.last().is_none_or(|last| last.id != newest) {
            return Ok(None);
        }
        let gone = std::mem::replace(&mut state.keys, vec![key.clone()]).len();
        Ok(Some(u32::try_from(gone).unwrap_or(u32::MAX)))
    }

    async fn retire(&self, ids: &[String], _at: Timestamp) -> Result<u32, Unavailable> {
        let mut state = self.state();
        let (before, newest) = (state.keys.len(), state.keys.last().map(|key| key.id.clone()));
        state.keys.retain(|key| newest.as_ref() == Some(&key.id) || !ids.contains(&key.id));
        Ok(u32::try_from(before - state.keys.len()).unwrap_or(u32::MAX))
    }
}
