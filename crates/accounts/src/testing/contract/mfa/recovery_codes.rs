//! Codes that stand in for the method.

use super::super::{CALLS, Stores, at_once};
use super::scene::Scene;
use crate::mfa::{RecoveryCode, RecoveryDigest};
use crate::ports::{Consequences, RecoveryPass, RecoveryProof};
use square_kernel::UserId;

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
    let foreign = RecoveryProof { digests: vec![other.codes[0].digest], ..scene.recovery(0, 4) };
    let passed = stores.mfa.pass_recovery_code(&challenge, &foreign, &Consequences::default()).await;
    assert_eq!(passed.expect("asked"), RecoveryPass::Refused);
    assert_eq!((scene.left(stores).await, other.left(stores).await), (scene.all(), other.all()));
}

/// Whichever key was the current one when it was stored.
pub async fn a_recovery_code_is_found_by_each_digest_that_it_may_have(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    let unknown = RecoveryDigest(scene.samples.digest().0);
    let pass = async |digests: &[RecoveryDigest], left: u32| {
        let proof = RecoveryProof { digests: digests.to_vec(), ..scene.recovery(0, left) };
        let challenge = scene.challenge(stores).await;
        let passed = stores.mfa.pass_recovery_code(&challenge, &proof, &Consequences::default()).await;
        passed.expect("asked")
    };
    assert_eq!(pass(&[unknown], 4).await, RecoveryPass::Refused);
    assert_eq!(pass(&[], 4).await, RecoveryPass::Refused);
    assert_eq!(pass(&[unknown, scene.codes[0].digest], 4).await, RecoveryPass::Passed);
    assert_eq!(pass(&[scene.codes[1].digest, unknown], 3).await, RecoveryPass::Passed);
    assert_eq!(pass(&[unknown, scene.codes[0].digest], 2).await, RecoveryPass::Refused, "it is spent");
    assert_eq!(scene.left(stores).await, scene.all()[2..]);
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
        let (mfa, challenge, proof) = (stores.mfa.clone(), challenges[call], proof.clone());
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
        let (mfa, challenge, proof) = (stores.mfa.clone(), challenges[call], proofs[call].clone());
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
        let by = scene.samples.caller(stores, user).await;
        let replaced = stores.mfa.replace_recovery_codes(by, &next, at, Consequences::none()).await;
        replaced.expect("asked").expect("they are signed in")
    };
    assert!(!replace(scene.user).await);
    assert!(scene.verify(stores, 1).await && scene.enable(stores, 2).await.is_some());
    assert!(replace(scene.user).await);
    let expected: Vec<RecoveryCode> = next.iter().map(|new| new.code.clone()).collect();
    assert_eq!(scene.left(stores).await, expected);
    let challenge = scene.challenge(stores).await;
    assert_eq!(scene.recover(stores, &challenge, 0, 4).await, RecoveryPass::Refused);
    let proof = RecoveryProof { digests: vec![next[0].digest], ..scene.recovery(0, 4) };
    let passed = stores.mfa.pass_recovery_code(&challenge, &proof, &Consequences::default()).await;
    assert_eq!(passed.expect("asked"), RecoveryPass::Passed);
}
