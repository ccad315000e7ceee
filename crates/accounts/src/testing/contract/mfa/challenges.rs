//! A challenge that is passed by a code of the method.

use super::super::{CALLS, Stores, at_once};
use super::scene::Scene;
use crate::ports::{Consequences, OtpProof, RecoveryPass};
use jiff::SignedDuration;

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
