//! Rules of [`crate::ports::MfaStore`], and of [`crate::ports::SessionStore::open`] where a second factor is asked for.

use super::{CALLS, Samples, Stores, at_once};
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

/// Makes a test of every rule on second factors; see [`crate::testing::contract`].
#[macro_export]
macro_rules! mfa_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            mfa,
            $make,
            [
                a_method_reads_back_and_counts_for_nothing_yet,
                the_next_method_takes_the_place_of_one_that_is_not_on,
                no_method_is_begun_where_one_is_on_or_nobody_is_there,
                verifying_uses_the_step_and_gives_the_codes,
                only_a_method_that_is_verified_is_switched_on,
                a_step_counts_only_where_it_is_later_than_all_before,
                switching_on_ends_other_sessions_and_shows_in_the_account,
                rights_change_only_with_a_role_that_asks_for_it,
                switching_off_forgets_everything,
                no_session_is_opened_past_the_second_factor,
                a_challenge_passes_for_its_account_and_once,
                a_wrong_step_leaves_the_challenge_good,
                an_expired_challenge_is_no_good,
                one_of_many_passes_a_challenge,
                one_of_many_uses_a_step,
                a_recovery_code_passes_once,
                a_recovery_code_is_good_for_its_account_only,
                who_counts_wrong_uses_no_code,
                one_of_many_uses_a_recovery_code,
                of_many_that_use_different_codes_each_counts_right,
                new_codes_take_the_place_of_the_old,
                no_more_attempts_than_allowed_are_counted,
                many_attempts_at_once_are_no_more_than_allowed,
                attempts_are_counted_for_each_account_and_kind,
                an_attempt_that_succeeds_is_given_back,
                many_attempts_at_a_challenge_are_no_more_than_it_allows,
            ]
        );
    };
}

const BUDGET: AttemptBudget = AttemptBudget { most: 20, within: SignedDuration::from_hours(1) };

/// Somebody and their method.
struct Scene {
    samples: Arc<Samples>,
    user: UserId,
    method: OtpMethodId,
    codes: Vec<NewRecoveryCode>,
}

impl Scene {
    /// With a method that was begun.
    async fn begun(stores: &Stores, name: &str) -> Self {
        Self::of(Arc::default(), stores, name).await
    }

    async fn of(samples: Arc<Samples>, stores: &Stores, name: &str) -> Self {
        let user = samples.registered(stores, name).await.id;
        let method = samples.otp_method(user);
        assert!(stores.mfa.begin_otp(&method, &Consequences::default()).await.expect("begun"));
        let codes = samples.recovery_codes();
        Self { user, method: method.id, codes, samples }
    }

    /// With one that was verified by step 1.
    async fn verified(stores: &Stores, name: &str) -> Self {
        Self::begun(stores, name).await.then_verified(stores).await
    }

    async fn then_verified(self, stores: &Stores) -> Self {
        assert!(self.verify(stores, 1).await);
        self
    }

    /// With one that was switched on by step 2.
    async fn on(stores: &Stores, name: &str) -> Self {
        Self::verified(stores, name).await.then_on(stores).await
    }

    async fn then_on(self, stores: &Stores) -> Self {
        assert!(self.enable(stores, 2).await.is_some());
        self
    }

    /// Somebody else with a method that was begun.
    async fn other(&self, stores: &Stores) -> Self {
        Self::of(self.samples.clone(), stores, "other").await
    }

    fn proof(&self, step: u64) -> OtpProof {
        let attempt = self.samples.attempt_id();
        OtpProof { user: self.user, method: self.method, step, attempt, at: self.samples.at(1) }
    }

    fn recovery(&self, code: usize, left: u32) -> RecoveryProof {
        let (digest, attempt) = (self.codes[code].digest, self.samples.attempt_id());
        RecoveryProof { user: self.user, digest, left, attempt, at: self.samples.at(1) }
    }

    fn switch(&self) -> MfaSwitch {
        let required_roles = vec!["admin".to_owned()];
        MfaSwitch {
            user: self.user,
            session: self.samples.session_id(),
            required_roles,
            at: self.samples.at(1),
        }
    }

    async fn verify(&self, stores: &Stores, step: u64) -> bool {
        let proof = self.proof(step);
        stores.mfa.verify_otp(&proof, &self.codes, &Consequences::default()).await.expect("asked")
    }

    async fn enable(&self, stores: &Stores, step: u64) -> Option<MfaSwitched> {
        let proof = self.proof(step);
        stores.mfa.enable_mfa(&proof, &self.switch(), &Consequences::default()).await.expect("asked")
    }

    async fn challenge(&self, stores: &Stores) -> TokenDigest {
        let challenge = self.samples.challenge(self.user);
        assert!(stores.secrets.issue(&challenge, 99, &Consequences::default()).await.expect("issued"));
        challenge.digest
    }

    async fn pass(&self, stores: &Stores, challenge: &TokenDigest, step: u64) -> bool {
        let proof = self.proof(step);
        stores.mfa.pass_otp(challenge, &proof, &Consequences::default()).await.expect("asked")
    }

    async fn recover(
        &self,
        stores: &Stores,
        challenge: &TokenDigest,
        code: usize,
        left: u32,
    ) -> RecoveryPass {
        let proof = self.recovery(code, left);
        stores.mfa.pass_recovery_code(challenge, &proof, &Consequences::default()).await.expect("asked")
    }

    async fn left(&self, stores: &Stores) -> Vec<RecoveryCode> {
        stores.mfa.recovery_codes(self.user).await.expect("read")
    }

    fn all(&self) -> Vec<RecoveryCode> {
        self.codes.iter().map(|new| new.code.clone()).collect()
    }

    async fn is_on(&self, stores: &Stores) -> bool {
        let account = stores.accounts.by_id(self.user).await.expect("read").expect("there");
        account.mfa_enabled_at.is_some()
    }

    async fn open(&self, stores: &Stores, second_factor: bool) -> (SessionRecord, bool) {
        let session = SessionRecord { second_factor, ..self.samples.session(self.user) };
        let opened = stores.sessions.open(&session, &Consequences::default()).await.expect("asked");
        (session, opened)
    }

    async fn attempt(&self, stores: &Stores, kind: AttemptKind, at: Timestamp) -> (MfaAttemptId, Attempted) {
        let attempt = NewAttempt { id: self.samples.attempt_id(), user: self.user, kind, at };
        (attempt.id, stores.mfa.begin_attempt(&attempt, BUDGET).await.expect("asked"))
    }
}

impl Samples {
    fn attempt_id(&self) -> MfaAttemptId {
        MfaAttemptId::new(self.clock(), self.randomness())
    }

    fn otp_method(&self, user: UserId) -> NewOtpMethod {
        NewOtpMethod {
            id: OtpMethodId::new(self.clock(), self.randomness()),
            user,
            secret: OtpSecret::new(self.randomness()),
            at: self.now(),
        }
    }

    fn recovery_codes(&self) -> Vec<NewRecoveryCode> {
        let new = || NewRecoveryCode {
            id: RecoveryCodeId::new(self.clock(), self.randomness()),
            digest: RecoveryDigest(self.digest().0),
            code: RecoveryCode::new(self.randomness()),
        };
        (0..5).map(|_| new()).collect()
    }

    /// Good for a minute and five attempts.
    fn challenge(&self, user: UserId) -> NewSecret {
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

/// What was stored is what is read; the account is as before, and neither codes nor challenges do anything.
pub async fn a_method_reads_back_and_counts_for_nothing_yet(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    assert_eq!(stores.mfa.otp_method(account.id).await.expect("read"), None);
    let (new, letter) = (samples.otp_method(account.id), samples.letter(0));
    let told = Consequences::default().with_letter(Some(letter.clone()));
    assert!(stores.mfa.begin_otp(&new, &told).await.expect("begun"));
    let method = stores.mfa.otp_method(account.id).await.expect("read").expect("there");
    assert_eq!((method.id, &method.secret, method.verified), (new.id, &new.secret, false));
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
    let claimed = stores.letters.claim(samples.at(1), samples.at(2)).await.expect("claimed");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(letter.id));
}

/// With its recovery codes, also where it was verified.
pub async fn the_next_method_takes_the_place_of_one_that_is_not_on(stores: &Stores) {
    let scene = Scene::verified(stores, "somebody").await;
    let next = scene.samples.otp_method(scene.user);
    assert!(stores.mfa.begin_otp(&next, &Consequences::default()).await.expect("begun"));
    let method = stores.mfa.otp_method(scene.user).await.expect("read").expect("there");
    assert_eq!((method.id, method.secret, method.verified), (next.id, next.secret, false));
    assert_eq!(scene.left(stores).await, []);
    assert_eq!(scene.enable(stores, 9).await, None, "the earlier one is gone");
    let other = scene.other(stores).await;
    let foreign = OtpProof { user: other.user, ..scene.proof(9) };
    let verified = stores.mfa.verify_otp(&foreign, &scene.codes, &Consequences::default()).await;
    assert!(!verified.expect("asked"), "a method of somebody else");
}

/// Nothing is stored then.
pub async fn no_method_is_begun_where_one_is_on_or_nobody_is_there(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    for user in [scene.user, scene.samples.user_id()] {
        let method = scene.samples.otp_method(user);
        let told = Consequences::default().with_letter(Some(scene.samples.letter(0)));
        assert!(!stores.mfa.begin_otp(&method, &told).await.expect("asked"));
    }
    let method = stores.mfa.otp_method(scene.user).await.expect("read").expect("there");
    assert_eq!((method.id, method.verified), (scene.method, true));
    assert_eq!(scene.left(stores).await, scene.all());
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("asked").is_none());
}

/// Once; the codes read back in their order.
pub async fn verifying_uses_the_step_and_gives_the_codes(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    assert_eq!(scene.left(stores).await, []);
    assert!(scene.verify(stores, 7).await);
    assert_eq!(scene.left(stores).await, scene.all());
    assert!(stores.mfa.otp_method(scene.user).await.expect("read").expect("there").verified);
    assert!(!scene.verify(stores, 8).await, "verified already");
    assert!(!scene.is_on(stores).await);
    assert_eq!(scene.enable(stores, 7).await, None, "the step is used");
}

/// And only one time.
pub async fn only_a_method_that_is_verified_is_switched_on(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    assert_eq!(scene.enable(stores, 5).await, None);
    assert!(!scene.is_on(stores).await);
    assert!(scene.verify(stores, 5).await);
    assert!(scene.enable(stores, 6).await.is_some());
    assert!(scene.is_on(stores).await);
    assert_eq!(scene.enable(stores, 7).await, None);
}

/// Whatever it was used for.
pub async fn a_step_counts_only_where_it_is_later_than_all_before(stores: &Stores) {
    let scene = Scene::verified(stores, "somebody").await;
    assert_eq!(scene.enable(stores, 1).await, None);
    assert!(scene.enable(stores, 10).await.is_some());
    let challenge = scene.challenge(stores).await;
    for (step, counts) in [(9, false), (10, false), (11, true)] {
        assert_eq!(scene.pass(stores, &challenge, step).await, counts, "{step}");
    }
    let challenge = scene.challenge(stores).await;
    assert!(!scene.pass(stores, &challenge, 11).await);
    assert!(scene.pass(stores, &challenge, 13).await);
}

/// The one that it was done in goes on; those of others do.
pub async fn switching_on_ends_other_sessions_and_shows_in_the_account(stores: &Stores) {
    let scene = Scene::verified(stores, "somebody").await;
    let (own, _) = scene.open(stores, false).await;
    let (other, _) = scene.open(stores, false).await;
    let bystander = scene.samples.session(scene.samples.registered(stores, "bystander").await.id);
    assert!(stores.sessions.open(&bystander, &Consequences::default()).await.expect("opened"));
    let (switch, letter) = (MfaSwitch { session: own.id, ..scene.switch() }, scene.samples.letter(0));
    let told = Consequences::default().with_letter(Some(letter.clone()));
    let switched = stores.mfa.enable_mfa(&scene.proof(2), &switch, &told).await.expect("asked");
    assert_eq!(switched, Some(MfaSwitched { ended: vec![other.id], rights: None }));
    let ended = stores.sessions.ended_since(scene.samples.at(0)).await.expect("read");
    assert_eq!(ended, [(other.id, switch.at)]);
    let account = stores.accounts.by_id(scene.user).await.expect("read").expect("there");
    assert_eq!((account.mfa_enabled_at, account.rights), (Some(switch.at), 0));
    let claimed = stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("claimed");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(letter.id));
}

/// Both when it is switched on and when it is switched off.
pub async fn rights_change_only_with_a_role_that_asks_for_it(stores: &Stores) {
    let scene = Scene::verified(stores, "somebody").await;
    let granted =
        stores.accounts.grant_role(scene.user, "admin", scene.samples.at(0), &Consequences::default()).await;
    assert!(granted.expect("granted"));
    let on = scene.enable(stores, 2).await.expect("on");
    assert_eq!(on.rights, Some(2));
    let off = stores.mfa.disable_mfa(&scene.switch(), &Consequences::default()).await.expect("asked");
    assert_eq!(off.expect("off").rights, Some(3));
    let changed = stores.accounts.rights_changed_since(scene.samples.at(1)).await.expect("read");
    assert_eq!(changed, [(scene.user, 3, scene.samples.at(1))]);
}

/// Method, codes and challenges are gone; where it was half set up, too, but that is told to nobody.
pub async fn switching_off_forgets_everything(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    let (session, opened) = scene.open(stores, true).await;
    assert!(opened);
    let switch = scene.switch();
    let told = || Consequences::default().with_letter(Some(scene.samples.letter(0)));
    let off = stores.mfa.disable_mfa(&switch, &told()).await.expect("asked");
    assert_eq!(off, Some(MfaSwitched { ended: vec![session.id], rights: None }));
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(900)).await.expect("asked").is_some());
    assert!(!scene.is_on(stores).await);
    assert_eq!(stores.mfa.otp_method(scene.user).await.expect("read"), None);
    assert_eq!(scene.left(stores).await, []);
    assert!(!scene.pass(stores, &challenge, 9).await);
    assert_eq!(scene.recover(stores, &challenge, 0, 4).await, RecoveryPass::Refused);
    let held = stores.secrets.look(&challenge, Purpose::Mfa, scene.samples.at(1)).await;
    assert!(held.expect("asked").is_none());

    let half = scene.other(stores).await.then_verified(stores).await;
    let (_, opened) = half.open(stores, false).await;
    assert!(opened);
    let nothing = MfaSwitched { ended: Vec::new(), rights: None };
    for _ in 0..2 {
        let off = stores.mfa.disable_mfa(&half.switch(), &told()).await.expect("asked");
        assert_eq!(off, Some(nothing.clone()));
    }
    assert_eq!(
        (stores.mfa.otp_method(half.user).await.expect("read"), half.left(stores).await),
        (None, vec![])
    );
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("asked").is_none());
    let nobody = MfaSwitch { user: scene.samples.user_id(), ..scene.switch() };
    assert_eq!(stores.mfa.disable_mfa(&nobody, &told()).await.expect("asked"), None);
}

/// A sign-in that began before it was switched on is too late.
pub async fn no_session_is_opened_past_the_second_factor(stores: &Stores) {
    let scene = Scene::verified(stores, "somebody").await;
    assert!(scene.open(stores, false).await.1, "half set up it does not count");
    assert!(scene.enable(stores, 2).await.is_some());
    assert!(!scene.open(stores, false).await.1);
    let (given, opened) = scene.open(stores, true).await;
    assert!(opened);
    assert_eq!(stores.sessions.session(given.id).await.expect("read"), Some(given));
}

/// Not for another one, and no second time.
pub async fn a_challenge_passes_for_its_account_and_once(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let other = scene.other(stores).await.then_verified(stores).await.then_on(stores).await;
    let challenge = scene.challenge(stores).await;
    assert!(!other.pass(stores, &challenge, 5).await);
    assert_eq!(other.recover(stores, &challenge, 0, 4).await, RecoveryPass::Refused);
    assert_eq!(other.left(stores).await, other.all());
    assert!(scene.pass(stores, &challenge, 5).await);
    assert!(!scene.pass(stores, &challenge, 6).await);
    assert!(!scene.pass(stores, &scene.samples.digest(), 6).await, "never given out");
    let next = scene.challenge(stores).await;
    assert!(scene.pass(stores, &next, 6).await, "the step was not used by what did not pass");
}

/// Who types an old code may try again.
pub async fn a_wrong_step_leaves_the_challenge_good(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    assert!(!scene.pass(stores, &challenge, 2).await);
    assert!(scene.pass(stores, &challenge, 3).await);
}

/// From its last moment on.
pub async fn an_expired_challenge_is_no_good(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    let moment = SignedDuration::from_micros(1);
    for (at, passes) in [(scene.samples.at(60), false), (scene.samples.at(60) - moment, true)] {
        let proof = OtpProof { at, ..scene.proof(5) };
        let passed = stores.mfa.pass_otp(&challenge, &proof, &Consequences::default()).await;
        assert_eq!(passed.expect("asked"), passes, "{at}");
    }
}

/// Whatever codes they have.
pub async fn one_of_many_passes_a_challenge(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    let proofs: Vec<OtpProof> = (10..).take(CALLS).map(|step| scene.proof(step)).collect();
    let passed = at_once(|call| {
        let (mfa, proof) = (stores.mfa.clone(), proofs[call]);
        async move { mfa.pass_otp(&challenge, &proof, &Consequences::default()).await.expect("asked") }
    });
    assert_eq!(passed.await.into_iter().filter(|passed| *passed).count(), 1);
}

/// Each with a challenge of its own.
pub async fn one_of_many_uses_a_step(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let mut challenges = Vec::new();
    for _ in 0..CALLS {
        challenges.push(scene.challenge(stores).await);
    }
    let proof = scene.proof(10);
    let passed = at_once(|call| {
        let (mfa, challenge) = (stores.mfa.clone(), challenges[call]);
        async move { mfa.pass_otp(&challenge, &proof, &Consequences::default()).await.expect("asked") }
    });
    assert_eq!(passed.await.into_iter().filter(|passed| *passed).count(), 1);
}

/// The others stay.
pub async fn a_recovery_code_passes_once(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    let told = Consequences::default().with_letter(Some(scene.samples.letter(0)));
    let proof = scene.recovery(1, 4);
    let passed = stores.mfa.pass_recovery_code(&challenge, &proof, &told).await.expect("asked");
    assert_eq!(passed, RecoveryPass::Passed);
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("asked").is_some());
    let mut left = scene.all();
    left.remove(1);
    assert_eq!(scene.left(stores).await, left);
    assert_eq!(
        scene.recover(stores, &challenge, 0, 3).await,
        RecoveryPass::Refused,
        "the challenge is spent"
    );
    let challenge = scene.challenge(stores).await;
    assert_eq!(scene.recover(stores, &challenge, 1, 3).await, RecoveryPass::Refused, "the code is spent");
    assert_eq!(scene.recover(stores, &challenge, 0, 3).await, RecoveryPass::Passed);
}

/// However the others' codes are known.
pub async fn a_recovery_code_is_good_for_its_account_only(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let other = scene.other(stores).await.then_verified(stores).await.then_on(stores).await;
    let challenge = scene.challenge(stores).await;
    let foreign = RecoveryProof { digest: other.codes[0].digest, ..scene.recovery(0, 4) };
    let passed = stores.mfa.pass_recovery_code(&challenge, &foreign, &Consequences::default()).await;
    assert_eq!(passed.expect("asked"), RecoveryPass::Refused);
    assert_eq!((scene.left(stores).await, other.left(stores).await), (scene.all(), other.all()));
}

/// Nor the challenge, nor does anybody get a letter with a wrong number.
pub async fn who_counts_wrong_uses_no_code(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let challenge = scene.challenge(stores).await;
    for left in [3, 5] {
        let told = Consequences::default().with_letter(Some(scene.samples.letter(0)));
        let passed = stores.mfa.pass_recovery_code(&challenge, &scene.recovery(0, left), &told).await;
        assert_eq!(passed.expect("asked"), RecoveryPass::Miscounted);
    }
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("asked").is_none());
    assert_eq!(scene.recover(stores, &challenge, 0, 4).await, RecoveryPass::Passed);
}

/// Each with a challenge of its own.
pub async fn one_of_many_uses_a_recovery_code(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let mut challenges = Vec::new();
    for _ in 0..CALLS {
        challenges.push(scene.challenge(stores).await);
    }
    let proof = scene.recovery(0, 4);
    let passed = at_once(|call| {
        let (mfa, challenge) = (stores.mfa.clone(), challenges[call]);
        async move {
            let passed = mfa.pass_recovery_code(&challenge, &proof, &Consequences::default()).await;
            passed.expect("asked")
        }
    });
    let passed = passed.await.into_iter().filter(|passed| *passed == RecoveryPass::Passed).count();
    assert_eq!((passed, scene.left(stores).await.len()), (1, 4));
}

/// Who comes later is told so, and nobody's letter says too much.
pub async fn of_many_that_use_different_codes_each_counts_right(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let mut challenges = Vec::new();
    for _ in 0..CALLS {
        challenges.push(scene.challenge(stores).await);
    }
    let proofs: Vec<RecoveryProof> = (0..CALLS).map(|call| scene.recovery(call % 5, 4)).collect();
    let passed = at_once(|call| {
        let (mfa, challenge, proof) = (stores.mfa.clone(), challenges[call], proofs[call]);
        async move {
            let passed = mfa.pass_recovery_code(&challenge, &proof, &Consequences::default()).await;
            passed.expect("asked")
        }
    });
    let passed = passed.await.into_iter().filter(|passed| *passed == RecoveryPass::Passed).count();
    assert_eq!((passed, scene.left(stores).await.len()), (1, 4));
}

/// Only where there is a verified method.
pub async fn new_codes_take_the_place_of_the_old(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    let (next, at) = (scene.samples.recovery_codes(), scene.samples.at(2));
    let replace = async |user: UserId| {
        stores.mfa.replace_recovery_codes(user, &next, at, &Consequences::default()).await.expect("asked")
    };
    assert!(!replace(scene.user).await);
    assert!(!replace(scene.samples.user_id()).await);
    assert!(scene.verify(stores, 1).await && scene.enable(stores, 2).await.is_some());
    assert!(replace(scene.user).await);
    let expected: Vec<RecoveryCode> = next.iter().map(|new| new.code.clone()).collect();
    assert_eq!(scene.left(stores).await, expected);
    let challenge = scene.challenge(stores).await;
    assert_eq!(scene.recover(stores, &challenge, 0, 4).await, RecoveryPass::Refused);
    let proof = RecoveryProof { digest: next[0].digest, ..scene.recovery(0, 4) };
    let passed = stores.mfa.pass_recovery_code(&challenge, &proof, &Consequences::default()).await;
    assert_eq!(passed.expect("asked"), RecoveryPass::Passed);
}

/// In any hour; each counts for an hour.
pub async fn no_more_attempts_than_allowed_are_counted(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    for second in 0..20 {
        let (_, attempted) = scene.attempt(stores, AttemptKind::SignIn, scene.samples.at(second)).await;
        assert_eq!(attempted, Attempted::Counted, "{second}");
    }
    for (at, expected) in [
        (20, Attempted::NotBefore(scene.samples.at(3600))),
        (3599, Attempted::NotBefore(scene.samples.at(3600))),
        (3600, Attempted::Counted),
        (3600, Attempted::NotBefore(scene.samples.at(3601))),
    ] {
        let (_, attempted) = scene.attempt(stores, AttemptKind::SignIn, scene.samples.at(at)).await;
        assert_eq!(attempted, expected, "{at}");
    }
}

/// On all instances together.
pub async fn many_attempts_at_once_are_no_more_than_allowed(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    let (kind, at) = (AttemptKind::SignIn, scene.samples.at(1));
    let attempts: Vec<NewAttempt> = (0..CALLS)
        .map(|_| NewAttempt { id: scene.samples.attempt_id(), user: scene.user, kind, at })
        .collect();
    let counted = at_once(|call| {
        let (mfa, attempt) = (stores.mfa.clone(), attempts[call]);
        async move { mfa.begin_attempt(&attempt, BUDGET).await.expect("asked") }
    });
    assert_eq!(counted.await.into_iter().filter(|counted| *counted == Attempted::Counted).count(), 20);
}

/// Those at other accounts or at something else make no difference; an account that is gone is no error.
pub async fn attempts_are_counted_for_each_account_and_kind(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    let other = scene.other(stores).await;
    let at = scene.samples.at(1);
    for _ in 0..20 {
        scene.attempt(stores, AttemptKind::SignIn, at).await;
    }
    assert_ne!(scene.attempt(stores, AttemptKind::SignIn, at).await.1, Attempted::Counted);
    assert_eq!(scene.attempt(stores, AttemptKind::SetUp, at).await.1, Attempted::Counted);
    assert_eq!(other.attempt(stores, AttemptKind::SignIn, at).await.1, Attempted::Counted);
    let nobody = Scene { user: scene.samples.user_id(), ..other };
    assert_eq!(nobody.attempt(stores, AttemptKind::SignIn, at).await.1, Attempted::Counted);
}

/// Whatever it succeeds at; a failed one stays counted.
pub async fn an_attempt_that_succeeds_is_given_back(stores: &Stores) {
    let scene = Scene::begun(stores, "somebody").await;
    let (kind, at) = (AttemptKind::SignIn, scene.samples.at(1));
    let mut last = scene.attempt(stores, kind, at).await.0;
    for _ in 1..20 {
        last = scene.attempt(stores, kind, at).await.0;
    }
    let freed = async |what: &str| {
        let (id, attempted) = scene.attempt(stores, kind, at).await;
        assert_eq!(attempted, Attempted::Counted, "{what}");
        assert_ne!(scene.attempt(stores, kind, at).await.1, Attempted::Counted, "{what}");
        id
    };
    let none = Consequences::default();
    let wrong = OtpProof { attempt: last, ..scene.proof(0) };
    assert!(!stores.mfa.verify_otp(&wrong, &scene.codes, &none).await.expect("asked"));
    assert_ne!(scene.attempt(stores, kind, at).await.1, Attempted::Counted, "it failed");

    let proof = |step, attempt| OtpProof { attempt, ..scene.proof(step) };
    assert!(stores.mfa.verify_otp(&proof(1, last), &scene.codes, &none).await.expect("asked"));
    last = freed("verified").await;
    assert!(stores.mfa.enable_mfa(&proof(2, last), &scene.switch(), &none).await.expect("asked").is_some());
    last = freed("switched on").await;
    let challenge = scene.challenge(stores).await;
    assert!(stores.mfa.pass_otp(&challenge, &proof(3, last), &none).await.expect("asked"));
    last = freed("passed by code").await;
    let (challenge, recovery) =
        (scene.challenge(stores).await, RecoveryProof { attempt: last, ..scene.recovery(0, 4) });
    let passed = stores.mfa.pass_recovery_code(&challenge, &recovery, &none).await.expect("asked");
    assert_eq!(passed, RecoveryPass::Passed);
    freed("passed by recovery code").await;
}

/// And what is left of it says so.
pub async fn many_attempts_at_a_challenge_are_no_more_than_it_allows(stores: &Stores) {
    let samples = Samples::default();
    let challenge = samples.challenge(samples.registered(stores, "somebody").await.id);
    assert!(stores.secrets.issue(&challenge, 1, &Consequences::default()).await.expect("issued"));
    let at = samples.at(1);
    let attempted = at_once(|_| {
        let (secrets, digest) = (stores.secrets.clone(), challenge.digest);
        async move { secrets.attempt(&digest, Purpose::Mfa, at).await.expect("asked") }
    });
    let mut left: Vec<u32> = attempted.await.into_iter().flatten().map(|held| held.attempts_left).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
}
