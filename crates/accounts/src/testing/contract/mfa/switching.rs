//! A method that is set up, switched on and switched off.

use super::super::{Samples, Stores};
use super::scene::Scene;
use crate::ports::{Caller, Consequences, MfaSwitch, MfaSwitched, OtpProof, Purpose, RecoveryPass};

/// What was stored is what is read; the account is as before, and neither codes nor challenges do anything.
pub async fn a_method_reads_back_and_counts_for_nothing_yet(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    assert_eq!(stores.mfa.otp_method(account.id).await.expect("read"), None);
    let (new, letter) = (samples.otp_method(account.id), samples.letter(0));
    let told = Consequences::default().with_letter(Some(letter.clone()));
    let by = samples.caller(stores, account.id).await;
    assert_eq!(stores.mfa.begin_otp(&new, by, &told).await.expect("asked"), Ok(true));
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
    assert!(scene.begin(stores, &next, Consequences::none()).await);
    let method = stores.mfa.otp_method(scene.user).await.expect("read").expect("there");
    assert_eq!((method.id, method.secret, method.verified), (next.id, next.secret, false));
    assert_eq!(scene.left(stores).await, []);
    assert_eq!(scene.enable(stores, 9).await, None, "the earlier one is gone");
    let other = scene.other(stores).await;
    let foreign = OtpProof { user: other.user, ..scene.proof(9) };
    assert!(!scene.verify_by(stores, &foreign).await, "a method of somebody else");
}

/// Nothing is stored then.
pub async fn no_method_is_begun_where_one_is_on_or_nobody_is_there(stores: &Stores) {
    let scene = Scene::on(stores, "somebody").await;
    for user in [scene.user, scene.samples.user_id()] {
        let method = scene.samples.otp_method(user);
        let told = Consequences::default().with_letter(Some(scene.samples.letter(0)));
        assert!(!scene.begin(stores, &method, &told).await);
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
    assert!(stores.sessions.open(&bystander, 0, &Consequences::default()).await.expect("opened"));
    let by = Some(Caller { user: scene.user, session: own.id, rights: 0 });
    let (switch, letter) = (MfaSwitch { by, ..scene.switch() }, scene.samples.letter(0));
    let told = Consequences::default().with_letter(Some(letter.clone()));
    let switched = stores.mfa.enable_mfa(&scene.proof(2), &switch, &told).await.expect("asked");
    assert_eq!(switched, Ok(Some(MfaSwitched { ended: vec![other.id], rights: None, credentials: 1 })));
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
    let off = scene.disable(stores, &scene.switch(), Consequences::none()).await;
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
    let off = scene.disable(stores, &switch, &told()).await;
    assert_eq!(off, Some(MfaSwitched { ended: vec![session.id], rights: None, credentials: 2 }));
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
    let nothing = MfaSwitched { ended: Vec::new(), rights: None, credentials: 0 };
    for _ in 0..2 {
        let off = half.disable(stores, &half.switch(), &told()).await;
        assert_eq!(off, Some(nothing.clone()));
    }
    assert_eq!(
        (stores.mfa.otp_method(half.user).await.expect("read"), half.left(stores).await),
        (None, vec![])
    );
    assert!(stores.letters.claim(scene.samples.at(1), scene.samples.at(2)).await.expect("asked").is_none());
    let nobody = MfaSwitch { user: scene.samples.user_id(), ..scene.switch() };
    assert_eq!(scene.disable(stores, &nobody, &told()).await, None);
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
