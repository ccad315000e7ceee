use super::MemoryAccounts;
use super::memory::State;
use crate::account::Account;
use crate::mfa::RecoveryCode;
use crate::ports::{
    Asked, AttemptBudget, AttemptKind, Attempted, Caller, Consequences, MfaAttemptId, MfaStore, MfaSwitch,
    MfaSwitched, NewAttempt, NewOtpMethod, NewRecoveryCode, OtpMethod, OtpProof, Overtaken, Purpose,
    RecoveryPass, RecoveryProof,
};
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};
use std::collections::HashMap;

/// Second factors.
#[derive(Default)]
pub(super) struct MfaState {
    methods: HashMap<UserId, StoredMethod>,
    codes: HashMap<UserId, Vec<NewRecoveryCode>>,
    attempts: Vec<NewAttempt>,
}

struct StoredMethod {
    method: OtpMethod,
    last_step: u64,
    since: Timestamp,
}

impl State {
    /// Leaves nothing of an account's second factor.
    pub(super) fn forget_second_factor(&mut self, user: UserId) {
        self.mfa.methods.remove(&user);
        self.mfa.codes.remove(&user);
        if let Some((account, _)) = self.get_mut(user) {
            account.mfa_enabled_at = None;
        }
    }

    /// Since when an account has a method.
    pub(super) fn second_factor_since(&self, user: UserId) -> Option<Timestamp> {
        self.mfa.methods.get(&user).map(|stored| stored.since)
    }

    pub(super) fn mfa_is_on(&mut self, user: UserId) -> bool {
        self.get_mut(user).is_some_and(|(account, _)| account.mfa_enabled_at.is_some())
    }

    /// The method of a proof, where its step is later than all that were used.
    fn unused(&mut self, proof: &OtpProof, verified: bool) -> Option<&mut StoredMethod> {
        self.mfa.methods.get_mut(&proof.user).filter(|stored| {
            stored.method.id == proof.method
                && stored.method.verified == verified
                && stored.last_step < proof.step
        })
    }

    fn give_back(&mut self, attempt: MfaAttemptId) {
        self.mfa.attempts.retain(|made| made.id != attempt);
    }

    fn owns_challenge(&mut self, user: UserId, challenge: &TokenDigest, at: Timestamp) -> bool {
        let held = self.good_secret(challenge, Purpose::Mfa, at);
        let owner = held.and_then(|held| held.0.user);
        owner == Some(user) && self.mfa_is_on(user)
    }

    fn switched(&mut self, switch: &MfaSwitch) -> MfaSwitched {
        let ended = self.end_all_but(switch.user, switch.by.map(|by| by.session), switch.at);
        let credentials = self.count_credentials(switch.user);
        let concerned =
            |account: &Account| account.roles.iter().any(|role| switch.required_roles.contains(role));
        let account = self.get_mut(switch.user).filter(|(account, _)| concerned(account));
        let rights = account.map(|(account, _)| {
            account.rights += 1;
            account.rights
        });
        if let Some(rights) = rights {
            self.rights_changed.insert(switch.user, (rights, switch.at));
        }
        MfaSwitched { ended, rights, credentials }
    }
}

#[async_trait]
impl MfaStore for MemoryAccounts {
    async fn begin_otp(&self, new: &NewOtpMethod, by: Caller, consequences: &Consequences) -> Asked<bool> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        if new.user != by.user || state.mfa_is_on(new.user) {
            return Ok(Ok(false));
        }
        let method = OtpMethod { id: new.id, secret: new.secret.clone(), verified: false };
        state.mfa.methods.insert(new.user, StoredMethod { method, last_step: 0, since: new.at });
        state.mfa.codes.remove(&new.user);
        state.follow(consequences);
        Ok(Ok(true))
    }

    async fn otp_method(&self, user: UserId) -> Result<Option<OtpMethod>, Unavailable> {
        Ok(self.state().mfa.methods.get(&user).map(|stored| stored.method.clone()))
    }

    async fn verify_otp(
        &self,
        proof: &OtpProof,
        by: Caller,
        codes: &[NewRecoveryCode],
        consequences: &Consequences,
    ) -> Asked<bool> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        let Some(stored) = state.unused(proof, false).filter(|_| proof.user == by.user) else {
            return Ok(Ok(false));
        };
        stored.last_step = proof.step;
        stored.method.verified = true;
        state.mfa.codes.insert(proof.user, codes.to_vec());
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(Ok(true))
    }

    async fn enable_mfa(
        &self,
        proof: &OtpProof,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>> {
        let mut state = self.state();
        if switch.by.is_some_and(|by| !state.is_current(by)) {
            return Ok(Err(Overtaken));
        }
        if state.get_mut(proof.user).is_none() || state.mfa_is_on(proof.user) {
            return Ok(Ok(None));
        }
        let Some(stored) = state.unused(proof, true) else { return Ok(Ok(None)) };
        stored.last_step = proof.step;
        if let Some((account, _)) = state.get_mut(proof.user) {
            account.mfa_enabled_at = Some(switch.at);
        }
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(Ok(Some(state.switched(switch))))
    }

    async fn disable_mfa(
        &self,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>> {
        let mut state = self.state();
        if switch.by.is_some_and(|by| !state.is_current(by)) {
            return Ok(Err(Overtaken));
        }
        let Some((account, _)) = state.get_mut(switch.user) else { return Ok(Ok(None)) };
        let (was_on, credentials) = (account.mfa_enabled_at.take().is_some(), account.credentials);
        state.mfa.methods.remove(&switch.user);
        state.mfa.codes.remove(&switch.user);
        state.drop_secrets(switch.user, Purpose::Mfa);
        if !was_on {
            return Ok(Ok(Some(MfaSwitched { ended: Vec::new(), rights: None, credentials })));
        }
        state.follow(consequences);
        Ok(Ok(Some(state.switched(switch))))
    }

    async fn recovery_codes(&self, user: UserId) -> Result<Vec<RecoveryCode>, Unavailable> {
        let state = self.state();
        let codes = state.mfa.codes.get(&user).into_iter().flatten();
        Ok(codes.map(|new| new.code.clone()).collect())
    }

    async fn replace_recovery_codes(
        &self,
        by: Caller,
        codes: &[NewRecoveryCode],
        _at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<bool> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        let verified = state.mfa.methods.get(&by.user).is_some_and(|stored| stored.method.verified);
        if verified {
            state.mfa.codes.insert(by.user, codes.to_vec());
            state.follow(consequences);
        }
        Ok(Ok(verified))
    }

    async fn begin_attempt(
        &self,
        attempt: &NewAttempt,
        budget: AttemptBudget,
    ) -> Result<Attempted, Unavailable> {
        let (user, kind): (UserId, AttemptKind) = (attempt.user, attempt.kind);
        let mut state = self.state();
        let of_these = |made: &NewAttempt| made.user == user && made.kind == kind;
        let is_over = |made: &NewAttempt| made.at + budget.within <= attempt.at;
        state.mfa.attempts.retain(|made| !of_these(made) || !is_over(made));
        let mut made: Vec<_> =
            state.mfa.attempts.iter().filter(|made| of_these(made)).map(|made| made.at).collect();
        made.sort_unstable();
        if let Some(oldest) = made.len().checked_sub(budget.most as usize).and_then(|place| made.get(place)) {
            return Ok(Attempted::NotBefore(*oldest + budget.within));
        }
        state.mfa.attempts.push(*attempt);
        Ok(Attempted::Counted)
    }

    async fn pass_otp(
        &self,
        challenge: &TokenDigest,
        proof: &OtpProof,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if !state.owns_challenge(proof.user, challenge, proof.at) {
            return Ok(false);
        }
        let Some(stored) = state.unused(proof, true) else { return Ok(false) };
        stored.last_step = proof.step;
        state.claim_secret(challenge, Purpose::Mfa, proof.at);
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(true)
    }

    async fn pass_recovery_code(
        &self,
        challenge: &TokenDigest,
        proof: &RecoveryProof,
        consequences: &Consequences,
    ) -> Result<RecoveryPass, Unavailable> {
        let mut state = self.state();
        let codes = state.mfa.codes.entry(proof.user).or_default();
        let Some(place) = codes.iter().position(|code| proof.digests.contains(&code.digest)) else {
            return Ok(RecoveryPass::Refused);
        };
        if codes.len() != proof.left as usize + 1 {
            return Ok(RecoveryPass::Miscounted);
        }
        if !state.owns_challenge(proof.user, challenge, proof.at) {
            return Ok(RecoveryPass::Refused);
        }
        state.mfa.codes.entry(proof.user).or_default().remove(place);
        state.claim_secret(challenge, Purpose::Mfa, proof.at);
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(RecoveryPass::Passed)
    }
}
