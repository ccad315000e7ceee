use super::MemoryAccounts;
use super::memory::State;
use crate::audit::AuditEntry;
use crate::ports::{AuditFilter, AuditLog, AuditPosition};
use crate::ports::{Consequences, HeldSecret, NewSecret, OneTimeSecrets, Purpose};
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};

/// A secret that was not spent yet; `attempts` are those that are left.
pub(super) struct StoredSecret(pub(super) NewSecret);

impl StoredSecret {
    fn held(&self) -> HeldSecret {
        HeldSecret { user: self.0.user, payload: self.0.payload.clone(), attempts_left: self.0.attempts }
    }
}

impl State {
    pub(super) fn good_secret(
        &mut self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Option<&mut StoredSecret> {
        self.secrets.get_mut(digest).filter(|known| known.0.purpose == purpose && at < known.0.expires_at)
    }

    pub(super) fn good_secrets(&self, user: UserId, purpose: Purpose, at: Timestamp) -> usize {
        let good = |known: &&StoredSecret| {
            known.0.user == Some(user) && known.0.purpose == purpose && at < known.0.expires_at
        };
        self.secrets.values().filter(good).count()
    }

    /// Drops all secrets of an account for one purpose.
    pub(super) fn drop_secrets(&mut self, user: UserId, purpose: Purpose) {
        self.secrets.retain(|_, known| known.0.user != Some(user) || known.0.purpose != purpose);
    }

    /// Spends one.
    pub(super) fn claim_secret(
        &mut self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Option<HeldSecret> {
        let held = self.good_secret(digest, purpose, at)?.held();
        self.secrets.remove(digest);
        Some(held)
    }
}

#[async_trait]
impl OneTimeSecrets for MemoryAccounts {
    async fn issue(
        &self,
        secret: &NewSecret,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if let Some(user) = secret.user
            && (state.get_mut(user).is_none()
                || state.good_secrets(user, secret.purpose, secret.created_at) >= at_most as usize)
        {
            return Ok(false);
        }
        state.secrets.insert(secret.digest, StoredSecret(secret.clone()));
        state.follow(consequences);
        Ok(true)
    }

    async fn look(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        Ok(self.state().good_secret(digest, purpose, at).map(|known| known.held()))
    }

    async fn newest_secret(
        &self,
        user: UserId,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let state = self.state();
        let good = |known: &&StoredSecret| {
            known.0.user == Some(user) && known.0.purpose == purpose && at < known.0.expires_at
        };
        let newest = state.secrets.values().filter(good).max_by_key(|known| known.0.created_at);
        Ok(newest.map(StoredSecret::held))
    }

    async fn attempt(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let mut state = self.state();
        let good = state.good_secret(digest, purpose, at).filter(|known| known.0.attempts > 0);
        Ok(good.map(|known| {
            known.0.attempts -= 1;
            known.held()
        }))
    }

    async fn spend(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let mut state = self.state();
        let held = state.claim_secret(digest, purpose, at);
        if held.is_some() {
            state.follow(consequences);
        }
        Ok(held)
    }

    async fn forget_expired_secrets(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut forgotten = 0;
        self.state().secrets.retain(|_, known| {
            let kept = known.0.expires_at >= before || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        });
        Ok(forgotten)
    }
}

#[async_trait]
impl AuditLog for MemoryAccounts {
    async fn entries(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        at_most: u32,
    ) -> Result<Vec<AuditEntry>, Unavailable> {
        let wanted = |entry: &&AuditEntry| {
            let of_user = |user| entry.user == Some(user) || entry.actor.user == Some(user);
            filter.user.is_none_or(of_user)
                && filter.action.is_none_or(|action| entry.action == action)
                && filter.from.is_none_or(|from| from <= entry.at)
                && filter.until.is_none_or(|until| entry.at < until)
                && after.is_none_or(|after| (entry.at, entry.id) < (after.at, after.id))
        };
        let mut entries: Vec<_> = self.state().audit.iter().filter(wanted).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
        entries.truncate(at_most as usize);
        Ok(entries)
    }

    async fn forget_entries(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut forgotten = 0;
        self.state().audit.retain(|entry| {
            let kept = entry.at >= before || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        });
        Ok(forgotten)
    }
}
