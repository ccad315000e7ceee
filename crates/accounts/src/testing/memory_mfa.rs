use super::MemoryAccounts;
use super::memory::State;
use crate::account::Account;
use crate::mfa::RecoveryCode;
use crate::ports::{
    AttemptBudget, AttemptKind, Attempted, Consequences, MfaAttemptId, MfaStore, MfaSwitch, MfaSwitched,
    NewAttempt, NewOtpMethod, NewRecoveryCode, OtpMethod, OtpProof, Purpose, RecoveryPass, RecoveryProof,
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

    fn mfa_is_on(&mut self, user: UserId) -> bool {
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
        let mut ended = Vec::new();
        for session in self.sessions.values_mut() {
            if session.user == switch.user && session.id != switch.session && session.ended_at.is_none() {
                session.ended_at = Some(switch.at);
                ended.push(session.id);
            }
        }
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
        MfaSwitched { ended, rights }
    }
}

#[async_trait]
impl MfaStore for MemoryAccounts {
    async fn begin_otp(&self, new: &NewOtpMethod, consequences: &Consequences) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if state.get_mut(new.user).is_none() || state.mfa_is_on(new.user) {
            return Ok(false);
        }
        let method = OtpMethod { id: new.id, secret: new.secret.clone(), verified: false };
        state.mfa.methods.insert(new.user, StoredMethod { method, last_step: 0 });
        state.mfa.codes.remove(&new.user);
        state.follow(consequences);
        Ok(true)
    }

    async fn otp_method(&self, user: UserId) -> Result<Option<OtpMethod>, Unavailable> {
        Ok(self.state().mfa.methods.get(&user).map(|stored| stored.method.clone()))
    }

    async fn verify_otp(
        &self,
        proof: &OtpProof,
        codes: &[NewRecoveryCode],
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let Some(stored) = state.unused(proof, false) else { return Ok(false) };
        stored.last_step = proof.step;
        stored.method.verified = true;
        state.mfa.codes.insert(proof.user, codes.to_vec());
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(true)
    }

    async fn enable_mfa(
        &self,
        proof: &OtpProof,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Result<Option<MfaSwitched>, Unavailable> {
        let mut state = self.state();
        if state.get_mut(proof.user).is_none() || state.mfa_is_on(proof.user) {
            return Ok(None);
        }
        let Some(stored) = state.unused(proof, true) else { return Ok(None) };
        stored.last_step = proof.step;
        if let Some((account, _)) = state.get_mut(proof.user) {
            account.mfa_enabled_at = Some(switch.at);
        }
        state.give_back(proof.attempt);
        state.follow(consequences);
        Ok(Some(state.switched(switch)))
    }

    async fn disable_mfa(
        &self,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Result<Option<MfaSwitched>, Unavailable> {
        let mut state = self.state();
        let Some((account, _)) = state.get_mut(switch.user) else { return Ok(None) };
        let was_on = account.mfa_enabled_at.take().is_some();
        state.mfa.methods.remove(&switch.user);
        state.mfa.codes.remove(&switch.user);
        state.drop_secrets(switch.user, Purpose::Mfa);
        if !was_on {
            return Ok(Some(MfaSwitched { ended: Vec::new(), rights: None }));
        }
        state.follow(consequences);
        Ok(Some(state.switched(switch)))
    }

    async fn recovery_codes(&self, user: UserId) -> Result<Vec<RecoveryCode>, Unavailable> {
        let state = self.state();
        let codes = state.mfa.codes.get(&user).into_iter().flatten();
        Ok(codes.map(|new| new.code.clone()).collect())
    }

    async fn replace_recovery_codes(
        &self,
        user: UserId,
        codes: &[NewRecoveryCode],
        _at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        let verified = state.mfa.methods.get(&user).is_some_and(|stored| stored.method.verified);
        if verified {
            state.mfa.codes.insert(user, codes.to_vec());
            state.follow(consequences);
        }
        Ok(verified)
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
        let Some(place) = codes.iter().position(|code| code.digest == proof.digest) else {
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
