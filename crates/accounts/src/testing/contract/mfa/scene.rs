//! Somebody with a method, at each step of its way.

use super::super::{Samples, Stores};
use crate::mfa::{OtpSecret, RecoveryCode, RecoveryCodeId, RecoveryDigest};
use crate::ports::{
    AttemptBudget, AttemptKind, Attempted, Consequences, MfaAttemptId, MfaSwitch, MfaSwitched, NewAttempt,
    NewOtpMethod, NewRecoveryCode, NewSecret, OtpMethodId, OtpProof, Purpose, RecoveryPass, RecoveryProof,
    SessionRecord,
};
use crate::tokens::TokenDigest;
use jiff::{SignedDuration, Timestamp};
use square_kernel::UserId;
use std::sync::Arc;

pub(super) const BUDGET: AttemptBudget = AttemptBudget { most: 20, within: SignedDuration::from_hours(1) };

/// Somebody and their method.
pub(super) struct Scene {
    pub(super) samples: Arc<Samples>,
    pub(super) user: UserId,
    pub(super) method: OtpMethodId,
    pub(super) codes: Vec<NewRecoveryCode>,
}

impl Scene {
    /// With a method that was begun.
    pub(super) async fn begun(stores: &Stores, name: &str) -> Self {
        Self::of(Arc::default(), stores, name).await
    }

    pub(super) async fn of(samples: Arc<Samples>, stores: &Stores, name: &str) -> Self {
        let user = samples.registered(stores, name).await.id;
        let method = samples.otp_method(user);
        let codes = samples.recovery_codes();
        let scene = Self { user, method: method.id, codes, samples };
        assert!(scene.begin(stores, &method, Consequences::none()).await);
        scene
    }

    pub(super) async fn begin(&self, stores: &Stores, method: &NewOtpMethod, told: &Consequences) -> bool {
        let by = self.samples.caller(stores, self.user).await;
        let begun = stores.mfa.begin_otp(method, by, told).await.expect("asked").expect("they are signed in");
        self.samples.leave(stores, by).await;
        begun
    }

    /// With one that was verified by step 1.
    pub(super) async fn verified(stores: &Stores, name: &str) -> Self {
        Self::begun(stores, name).await.then_verified(stores).await
    }

    pub(super) async fn then_verified(self, stores: &Stores) -> Self {
        assert!(self.verify(stores, 1).await);
        self
    }

    /// With one that was switched on by step 2.
    pub(super) async fn on(stores: &Stores, name: &str) -> Self {
        Self::verified(stores, name).await.then_on(stores).await
    }

    pub(super) async fn then_on(self, stores: &Stores) -> Self {
        assert!(self.enable(stores, 2).await.is_some());
        self
    }

    /// Somebody else with a method that was begun.
    pub(super) async fn other(&self, stores: &Stores) -> Self {
        Self::of(self.samples.clone(), stores, "other").await
    }

    pub(super) fn proof(&self, step: u64) -> OtpProof {
        let attempt = self.samples.attempt_id();
        OtpProof { user: self.user, method: self.method, step, attempt, at: self.samples.at(1) }
    }

    pub(super) fn recovery(&self, code: usize, left: u32) -> RecoveryProof {
        let (digests, attempt) = (vec![self.codes[code].digest], self.samples.attempt_id());
        RecoveryProof { user: self.user, digests, left, attempt, at: self.samples.at(1) }
    }

    pub(super) fn switch(&self) -> MfaSwitch {
        let required_roles = vec!["admin".to_owned()];
        MfaSwitch { user: self.user, by: None, required_roles, at: self.samples.at(1) }
    }

    pub(super) async fn verify(&self, stores: &Stores, step: u64) -> bool {
        let proof = self.proof(step);
        self.verify_by(stores, &proof).await
    }

    pub(super) async fn verify_by(&self, stores: &Stores, proof: &OtpProof) -> bool {
        let by = self.samples.caller(stores, proof.user).await;
        let verified = stores.mfa.verify_otp(proof, by, &self.codes, Consequences::none()).await;
        self.samples.leave(stores, by).await;
        verified.expect("asked").expect("they are signed in")
    }

    pub(super) async fn enable(&self, stores: &Stores, step: u64) -> Option<MfaSwitched> {
        let proof = self.proof(step);
        let switched = stores.mfa.enable_mfa(&proof, &self.switch(), Consequences::none()).await;
        switched.expect("asked").expect("the operator does it")
    }

    pub(super) async fn disable(
        &self,
        stores: &Stores,
        switch: &MfaSwitch,
        told: &Consequences,
    ) -> Option<MfaSwitched> {
        stores.mfa.disable_mfa(switch, told).await.expect("asked").expect("the operator does it")
    }

    pub(super) async fn challenge(&self, stores: &Stores) -> TokenDigest {
        let challenge = self.samples.challenge(self.user);
        assert!(stores.secrets.issue(&challenge, 99, &Consequences::default()).await.expect("issued"));
        challenge.digest
    }

    pub(super) async fn pass(&self, stores: &Stores, challenge: &TokenDigest, step: u64) -> bool {
        let proof = self.proof(step);
        stores.mfa.pass_otp(challenge, &proof, &Consequences::default()).await.expect("asked")
    }

    pub(super) async fn recover(
        &self,
        stores: &Stores,
        challenge: &TokenDigest,
        code: usize,
        left: u32,
    ) -> RecoveryPass {
        let proof = self.recovery(code, left);
        stores.mfa.pass_recovery_code(challenge, &proof, &Consequences::default()).await.expect("asked")
    }

    pub(super) async fn left(&self, stores: &Stores) -> Vec<RecoveryCode> {
        stores.mfa.recovery_codes(self.user).await.expect("read")
    }

    pub(super) fn all(&self) -> Vec<RecoveryCode> {
        self.codes.iter().map(|new| new.code.clone()).collect()
    }

    pub(super) async fn is_on(&self, stores: &Stores) -> bool {
        let account = stores.accounts.by_id(self.user).await.expect("read").expect("there");
        account.mfa_enabled_at.is_some()
    }

    pub(super) async fn open(&self, stores: &Stores, second_factor: bool) -> (SessionRecord, bool) {
        let session = SessionRecord { second_factor, ..self.samples.session(self.user) };
        let account = stores.accounts.by_id(self.user).await.expect("read").expect("there");
        let opened = stores.sessions.open(&session, account.credentials, Consequences::none()).await;
        let opened = opened.expect("asked");
        (session, opened)
    }

    pub(super) async fn attempt(
        &self,
        stores: &Stores,
        kind: AttemptKind,
        at: Timestamp,
    ) -> (MfaAttemptId, Attempted) {
        let attempt = NewAttempt { id: self.samples.attempt_id(), user: self.user, kind, at };
        (attempt.id, stores.mfa.begin_attempt(&attempt, BUDGET).await.expect("asked"))
    }
}

impl Samples {
    pub(super) fn attempt_id(&self) -> MfaAttemptId {
        MfaAttemptId::new(self.clock(), self.randomness())
    }

    pub(super) fn otp_method(&self, user: UserId) -> NewOtpMethod {
        NewOtpMethod {
            id: OtpMethodId::new(self.clock(), self.randomness()),
            user,
            secret: OtpSecret::new(self.randomness()),
            at: self.now(),
        }
    }

    pub(super) fn recovery_codes(&self) -> Vec<NewRecoveryCode> {
        let new = || NewRecoveryCode {
            id: RecoveryCodeId::new(self.clock(), self.randomness()),
            digest: RecoveryDigest(self.digest().0),
            code: RecoveryCode::new(self.randomness()),
        };
        (0..5).map(|_| new()).collect()
    }

    /// Good for a minute and five attempts.
    pub(super) fn challenge(&self, user: UserId) -> NewSecret {
        NewSecret {
            digest: self.digest(),
            purpose: Purpose::Mfa,
            user: Some(user),
            payload: None,
            attempts: 5,
            created_at: self.now(),
            expires_at: self.at(60),
        }
    }
}
