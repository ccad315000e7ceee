//! How often codes may be tried.

use super::super::{CALLS, Samples, Stores, at_once};
use super::scene::{BUDGET, Scene};
use crate::ports::{
    AttemptKind, Attempted, Consequences, NewAttempt, OtpProof, Purpose, RecoveryPass, RecoveryProof,
};

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
    assert!(!scene.verify_by(stores, &wrong).await);
    assert_ne!(scene.attempt(stores, kind, at).await.1, Attempted::Counted, "it failed");

    let proof = |step, attempt| OtpProof { attempt, ..scene.proof(step) };
    assert!(scene.verify_by(stores, &proof(1, last)).await);
    last = freed("verified").await;
    let switched = stores.mfa.enable_mfa(&proof(2, last), &scene.switch(), &none).await.expect("asked");
    assert!(matches!(switched, Ok(Some(_))));
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
