use super::MemoryAccounts;
use super::memory::State;
use crate::account::Account;
use crate::names::{EmailAddress, PersonName};
use crate::password::PasswordHash;
use crate::ports::{
    AddressChange, Asked, Caller, Consequences, CredentialChange, CredentialStore, NewSecret, Overtaken,
    Purpose, SessionRecord,
};
use crate::session_tokens::Device;
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

impl State {
    /// Ends the sessions of an account but `kept`.
    pub(super) fn end_all_but(
        &mut self,
        user: UserId,
        kept: Option<SessionId>,
        at: Timestamp,
    ) -> Vec<SessionId> {
        let own = self.sessions.values_mut().filter(|session| session.user == user);
        let live = own.filter(|session| session.ended_at.is_none() && Some(session.id) != kept);
        live.map(|session| {
            session.ended_at = Some(at);
            session.id
        })
        .collect()
    }

    /// What the old password and who knew it have led to.
    fn drop_what_the_password_led_to(&mut self, user: UserId) {
        for purpose in [Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::Mfa] {
            self.drop_secrets(user, purpose);
        }
        if !self.mfa_is_on(user) {
            self.forget_second_factor(user);
        }
    }

    /// What may have been set up by somebody who only knew the address.
    fn drop_what_strangers_left(&mut self, user: UserId) {
        let found = self.find(|account| account.id == user);
        let Some(until) = found.and_then(|(account, _)| account.unproved_until) else { return };
        self.login_methods.retain(|known| known.user != user || known.since() >= until);
        if self.second_factor_since(user).is_some_and(|since| since < until) {
            self.forget_second_factor(user);
        }
    }

    /// Spends a secret that belongs to `user`.
    fn claim_own(&mut self, digest: &TokenDigest, purpose: Purpose, user: UserId, at: Timestamp) -> bool {
        let good = self.good_secret(digest, purpose, at);
        good.is_some_and(|held| held.0.user == Some(user)) && self.claim_secret(digest, purpose, at).is_some()
    }
}

#[async_trait]
impl CredentialStore for MemoryAccounts {
    async fn own_credentials(&self, user: UserId) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
        let state = self.state();
        let found = state.find(|account| account.id == user);
        Ok(found.map(|(account, hash)| (state.read(account), hash.clone())))
    }

    async fn reset_password(
        &self,
        digest: &TokenDigest,
        user: UserId,
        password: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<CredentialChange>, Unavailable> {
        let mut state = self.state();
        if !state.claim_own(digest, Purpose::ResetPassword, user, at) {
            return Ok(None);
        }
        let mut ended = state.take_over(user, at);
        state.drop_what_strangers_left(user);
        state.drop_what_the_password_led_to(user);
        state.drop_secrets(user, Purpose::Confirm);
        let Some((_, hash)) = state.get_mut(user) else { return Ok(None) };
        *hash = password.clone();
        ended.extend(state.end_all_but(user, None, at));
        let credentials = state.count_credentials(user);
        state.follow(consequences);
        Ok(Some(CredentialChange { ended, credentials }))
    }

    async fn change_password(
        &self,
        user: UserId,
        by: Option<Caller>,
        old: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<CredentialChange>> {
        let mut state = self.state();
        if by.is_some_and(|by| !state.is_current(by)) {
            return Ok(Err(Overtaken));
        }
        match state.get_mut(user) {
            Some((_, hash)) if hash == old => *hash = new.clone(),
            _ => return Ok(Ok(None)),
        }
        state.drop_what_the_password_led_to(user);
        let ended = state.end_all_but(user, by.map(|by| by.session), at);
        let credentials = state.count_credentials(user);
        state.follow(consequences);
        Ok(Ok(Some(CredentialChange { ended, credentials })))
    }

    async fn ask_for_address(
        &self,
        secret: &NewSecret,
        by: Caller,
        consequences: &Consequences,
    ) -> Asked<bool> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        let Some(user) = secret.user.filter(|user| *user == by.user) else { return Ok(Ok(false)) };
        state.drop_secrets(user, Purpose::ChangeEmail);
        state.secrets.insert(secret.digest, super::memory_secrets::StoredSecret(secret.clone()));
        state.follow(consequences);
        Ok(Ok(true))
    }

    async fn change_address(
        &self,
        digest: &TokenDigest,
        user: UserId,
        new: &EmailAddress,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<AddressChange, Unavailable> {
        let mut state = self.state();
        if !state.claim_own(digest, Purpose::ChangeEmail, user, at) {
            return Ok(AddressChange::LinkNotGood);
        }
        let other = |account: &Account| account.id != user && account.email.as_ref() == Some(new);
        if state.find(other).is_some() {
            return Ok(AddressChange::Taken);
        }
        for purpose in [Purpose::Confirm, Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::LinkSocial] {
            state.drop_secrets(user, purpose);
        }
        state.confirm_address(user, at);
        let Some((account, _)) = state.get_mut(user) else { return Ok(AddressChange::LinkNotGood) };
        (account.email, account.confirmed_at) = (Some(new.clone()), Some(at));
        let account = account.clone();
        state.follow(consequences);
        Ok(AddressChange::Changed(Box::new(state.read(&account))))
    }

    async fn rename(
        &self,
        by: Caller,
        first_name: &PersonName,
        last_name: &PersonName,
        _at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Account>> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        let Some((account, _)) = state.get_mut(by.user) else { return Ok(Ok(None)) };
        let other = (&account.first_name, &account.last_name) != (first_name, last_name);
        (account.first_name, account.last_name) = (first_name.clone(), last_name.clone());
        let account = account.clone();
        if other {
            state.follow(consequences);
        }
        Ok(Ok(Some(state.read(&account))))
    }

    async fn all_sessions(
        &self,
        user: UserId,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        let state = self.state();
        let wanted = |session: &&SessionRecord| {
            session.user == user && page.after.is_none_or(|after| session.id < after)
        };
        let newest = state.sessions.values().rev().filter(wanted);
        let rows = newest.take(usize::from(page.limit.get()) + 1).cloned().collect();
        Ok(Slice::from_surplus(rows, page.limit, |session| session.id))
    }

    async fn delete_account(
        &self,
        user: UserId,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Option<Vec<SessionId>>> {
        let mut state = self.state();
        if by.is_some_and(|by| !state.is_current(by)) {
            return Ok(Err(Overtaken));
        }
        let Some((account, _)) = state.get_mut(user) else { return Ok(Ok(None)) };
        let username = account.username.clone();
        let ended = state.end_all_but(user, None, at);
        let (own, others) =
            std::mem::take(&mut state.sessions).into_iter().partition(|(_, s)| s.user == user);
        state.sessions = others;
        state.ended_sessions.append(&mut { own });
        state.accounts.retain(|(account, _)| account.id != user);
        state.secrets.retain(|_, known| known.0.user != Some(user));
        state.forget_second_factor(user);
        state.login_methods.retain(|known| known.user != user);
        state.letters.retain(|stored| stored.has_left() || stored.letter.username.key() != username.key());
        state.follow(consequences);
        for entry in &mut state.audit {
            let stranger = entry.actor.user.is_none() && entry.user == Some(user);
            if stranger || entry.actor.user == Some(user) {
                entry.actor.device = Device::default();
            }
        }
        Ok(Ok(Some(ended)))
    }

    async fn forget_departed(&self, _at: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut state = self.state();
        let State { accounts, questions, .. } = &mut *state;
        let mut forgotten = 0;
        let departed = |user: &UserId| accounts.iter().all(|(account, _)| account.id != *user);
        for (_, left) in questions.iter_mut().filter(|(user, _)| departed(user)) {
            let some = (at_most - forgotten).min(*left);
            *left -= some;
            forgotten += some;
        }
        Ok(forgotten)
    }
}
