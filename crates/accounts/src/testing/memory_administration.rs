use super::MemoryAccounts;
use super::memory::State;
use crate::account::{Account, Standing};
use crate::ports::{
    ADMINISTER, Administration, Asked, Caller, Consequences, Keep, Overtaken, Purpose, Rights, RightsChange,
    UserFilter,
};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

impl UserFilter {
    fn matches(&self, account: &Account) -> bool {
        let found = |part: &str| {
            account.username.key().contains(part)
                || account.email.as_ref().is_some_and(|email| email.as_str().contains(part))
        };
        self.search.as_deref().is_none_or(found)
            && self.standing.is_none_or(|standing| account.standing == standing)
            && self.role.as_ref().is_none_or(|role| account.roles.contains(role))
    }
}

impl State {
    /// Whether an account may be used to manage others.
    fn administers(&self, account: &Account) -> bool {
        account.is_active() && self.permissions(&account.roles).allow(ADMINISTER)
    }

    pub(super) fn end_sessions(&mut self, user: UserId, at: Timestamp) -> Vec<SessionId> {
        let mut ended = Vec::new();
        for session in self.sessions.values_mut().filter(|session| session.user == user) {
            if session.ended_at.is_none() {
                session.ended_at = Some(at);
                ended.push(session.id);
            }
        }
        ended
    }
}

#[async_trait]
impl Administration for MemoryAccounts {
    async fn users(
        &self,
        filter: &UserFilter,
        page: Page<UserId>,
    ) -> Result<Slice<Account, UserId>, Unavailable> {
        let state = self.state();
        let mut rows: Vec<_> = state.accounts.iter().map(|(account, _)| state.read(account)).collect();
        rows.retain(|account| filter.matches(account) && page.after.is_none_or(|after| account.id < after));
        rows.sort_by_key(|account| std::cmp::Reverse(account.id));
        rows.truncate(usize::from(page.limit.get()) + 1);
        Ok(Slice::from_surplus(rows, page.limit, |account| account.id))
    }

    async fn change_rights(
        &self,
        seen: &Account,
        wanted: &Rights,
        keep: Keep,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<RightsChange> {
        let mut state = self.state();
        if by.is_some_and(|by| !state.is_current(by)) {
            return Ok(Err(Overtaken));
        }
        let Some((is, _)) = state.find(|account| account.id == seen.id).cloned() else {
            return Ok(Ok(RightsChange::Moved));
        };
        if (is.standing, &is.roles, is.rights) != (seen.standing, &seen.roles, seen.rights) {
            return Ok(Ok(RightsChange::Moved));
        }
        if let Some(unknown) = wanted.roles.iter().find(|role| !state.roles.contains_key(*role)) {
            return Ok(Ok(RightsChange::NoSuchRole(unknown.clone())));
        }
        let mut changed =
            Account { standing: wanted.standing, roles: wanted.roles.clone().into(), ..is.clone() };
        let is_last = state.administers(&is)
            && !state.administers(&changed)
            && !state.accounts.iter().any(|(other, _)| other.id != is.id && state.administers(other));
        if keep == Keep::OneAdministrator && is_last {
            return Ok(Ok(RightsChange::LastAdministrator));
        }
        if changed.roles != is.roles {
            changed.rights += 1;
            state.rights_changed.insert(is.id, (changed.rights, at));
        }
        if let Some((account, _)) = state.get_mut(is.id) {
            account.clone_from(&changed);
        }
        let suspended = wanted.standing == Standing::Suspended;
        let ended = if suspended { state.end_sessions(is.id, at) } else { Vec::new() };
        state.follow(consequences);
        Ok(Ok(RightsChange::Changed { account: Box::new(state.read(&changed)), ended }))
    }

    async fn vouch(
        &self,
        user: UserId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if !state.confirm_address(user, at) {
            return Ok(false);
        }
        state.drop_secrets(user, Purpose::Confirm);
        state.follow(consequences);
        Ok(true)
    }
}
