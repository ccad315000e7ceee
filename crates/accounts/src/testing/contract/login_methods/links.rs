//! Mailed links by which an identity becomes a way in.

use super::super::samples::{created, email};
use super::super::{Samples, Stores};
use super::{
    consequences, held, is_linked, linked, linked_mailed, made, method, noted, passwordless, recognised,
    ways_in,
};
use crate::account::Account;
use crate::mfa::OtpSecret;
use crate::ports::{
    Consequences, HeldSocialLink, Linking, NewAccount, NewLoginMethod, NewOtpMethod, NewSecret,
    NewSocialLink, OtpMethodId, Purpose, SocialRegistration, WaysIn,
};
use crate::social::Provider;
use crate::tokens::TokenDigest;

/// Looking at it changes nothing.
pub async fn a_link_stands_for_an_identity_until_it_is_spent_or_expires(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let github = method(&samples, Provider::Github, "1");
    let digest = held(stores, &samples, account.id, true, &github).await;
    let look = async |digest: &TokenDigest, seconds| {
        stores.login_methods.held(digest, samples.at(seconds)).await.expect("read")
    };
    let wanted = HeldSocialLink { user: account.id, exists: true, method: github.clone() };
    for _ in 0..2 {
        assert_eq!(look(&digest, 59).await.as_ref(), Some(&wanted));
    }
    assert_eq!(look(&digest, 60).await, None);
    assert_eq!(look(&samples.digest(), 0).await, None);
    for purpose in Purpose::ALL.iter().copied().filter(|purpose| *purpose != Purpose::LinkSocial) {
        let spent = stores.secrets.spend(&digest, purpose, samples.now(), Consequences::none()).await;
        assert!(spent.expect("asked").is_none(), "{purpose:?}");
    }
    let late = NewLoginMethod { at: samples.at(60), ..github.clone() };
    let linking = linked_mailed(stores, account.id, &late, &digest, Consequences::none()).await;
    assert_eq!(linking, Linking::LinkNotGood);
    let linking = linked_mailed(stores, account.id, &github, &digest, Consequences::none()).await;
    assert!(is_linked(&linking));
    assert_eq!(look(&digest, 0).await, None);
}

/// Neither another account nor a new one gets in by it, nor is it a secret of another kind.
pub async fn a_link_is_good_for_its_account_alone(stores: &Stores) {
    let samples = Samples::default();
    let (one, other) = (samples.registered(stores, "one").await, samples.registered(stores, "other").await);
    let github = method(&samples, Provider::Github, "1");
    let to_one = held(stores, &samples, one.id, true, &github).await;
    let new = passwordless(&samples, "new");
    let to_new = held(stores, &samples, new.id, false, &github).await;
    let confirming = NewSecret {
        digest: samples.digest(),
        purpose: Purpose::Confirm,
        user: Some(one.id),
        payload: None,
        attempts: 1,
        created_at: samples.now(),
        expires_at: samples.at(60),
    };
    assert!(stores.secrets.issue(&confirming, 9, Consequences::none()).await.expect("asked"));
    for (user, digest) in [
        (other.id, to_one),
        (one.id, to_new),
        (new.id, to_new),
        (one.id, confirming.digest),
        (one.id, samples.digest()),
    ] {
        let linking = linked_mailed(stores, user, &github, &digest, &consequences(&samples)).await;
        assert_eq!(linking, Linking::LinkNotGood);
    }
    let somebody_else = passwordless(&samples, "else");
    for (new, digest) in [(&somebody_else, to_new), (&somebody_else, to_one), (&new, samples.digest())] {
        let made =
            stores.login_methods.register_by(&github, new, Some(&digest), &consequences(&samples)).await;
        assert_eq!(made.expect("asked"), SocialRegistration::LinkNotGood);
    }
    assert_eq!((recognised(stores, &samples, &github).await, noted(stores).await), (None, 0));
    let linking = linked_mailed(stores, one.id, &github, &to_one, Consequences::none()).await;
    assert!(is_linked(&linking));
}

/// Those of others and those that make accounts do not count.
pub async fn an_account_has_no_more_good_links_than_allowed(stores: &Stores) {
    let samples = Samples::default();
    let (one, other) = (samples.registered(stores, "one").await, samples.registered(stores, "other").await);
    let hold = async |user, exists, seconds| {
        let mut method = method(&samples, Provider::Github, "1");
        method.at = samples.at(seconds);
        let link =
            NewSocialLink { digest: samples.digest(), user, exists, expires_at: samples.at(seconds + 60) };
        stores.login_methods.hold(&link, &method, 2, &consequences(&samples)).await.expect("asked")
    };
    assert!(hold(one.id, true, 0).await && hold(one.id, true, 1).await);
    assert!(!hold(one.id, true, 2).await && !hold(samples.user_id(), true, 2).await);
    assert!(hold(other.id, true, 2).await);
    for _ in 0..3 {
        assert!(hold(samples.user_id(), false, 2).await);
    }
    assert_eq!(noted(stores).await, 6);
    assert!(hold(one.id, true, 60).await, "the first one has expired");
}

/// Its password, sessions and other ways in go on.
pub async fn a_link_to_a_confirmed_account_leaves_it_as_it_is(stores: &Stores) {
    let samples = Samples::default();
    let mut new = samples.account("somebody");
    new.confirmed_at = Some(samples.now());
    let registered = stores.accounts.register(&new, None, Consequences::none()).await.expect("registered");
    let account = created(registered);
    let (google, github) = (method(&samples, Provider::Google, "1"), method(&samples, Provider::Github, "1"));
    assert!(is_linked(&linked(stores, &samples, account.id, &google).await));
    assert!(
        stores.sessions.open(&samples.session(account.id), 0, Consequences::none()).await.expect("opened")
    );
    let digest = held(stores, &samples, account.id, true, &github).await;
    let linking = linked_mailed(stores, account.id, &github, &digest, &consequences(&samples)).await;
    let unchanged = Linking::Linked { account: Box::new(account.clone()), ended: Vec::new() };
    assert_eq!(linking, unchanged);
    let ways = ways_in(stores, account.id).await;
    assert_eq!((ways.password, ways.identities.len(), noted(stores).await), (true, 2, 1));
    assert_eq!(stores.sessions.ended_since(samples.at(-60)).await.expect("read"), []);
}

/// It may have been made by anybody who knew the address.
pub async fn a_link_to_an_unconfirmed_account_leaves_nothing_of_whoever_made_it(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let (google, github) = (method(&samples, Provider::Google, "1"), method(&samples, Provider::Github, "1"));
    assert!(is_linked(&linked(stores, &samples, account.id, &google).await));
    let session = samples.session(account.id);
    assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
    let otp = NewOtpMethod {
        id: OtpMethodId::new(samples.clock(), samples.randomness()),
        user: account.id,
        secret: OtpSecret::new(samples.randomness()),
        at: samples.now(),
    };
    let by = samples.caller(stores, account.id).await;
    assert_eq!(stores.mfa.begin_otp(&otp, by, Consequences::none()).await.expect("asked"), Ok(true));
    samples.leave(stores, by).await;
    let other_link = held(stores, &samples, account.id, true, &google).await;
    let digest = held(stores, &samples, account.id, true, &github).await;
    let method = NewLoginMethod { at: samples.at(1), ..github.clone() };
    let linking = linked_mailed(stores, account.id, &method, &digest, Consequences::none()).await;
    let Linking::Linked { account: after, ended } = linking else { unreachable!("not linked") };
    assert_eq!(ended, [session.id]);
    let at = Some(samples.at(1));
    assert_eq!(*after, Account { confirmed_at: at, unproved_until: at, credentials: 1, ..account.clone() });
    let ways = ways_in(stores, account.id).await;
    let left: Vec<_> = ways.identities.iter().map(|linked| linked.provider).collect();
    assert_eq!((ways.password, left), (false, vec![Provider::Github]));
    assert_eq!(stores.login_methods.held(&other_link, samples.at(1)).await.expect("read"), None);
    assert_eq!(recognised(stores, &samples, &google).await, None);
    assert_eq!(stores.mfa.otp_method(account.id).await.expect("read"), None);
    assert_eq!(
        stores.sessions.ended_since(samples.at(1)).await.expect("read"),
        [(session.id, samples.at(1))]
    );
}

/// The account is confirmed and gets in by its identity.
pub async fn a_link_makes_the_account_it_names(stores: &Stores) {
    let samples = Samples::default();
    let facebook = method(&samples, Provider::Facebook, "1");
    let new = passwordless(&samples, "somebody");
    let digest = held(stores, &samples, new.id, false, &facebook).await;
    let make = async || {
        stores
            .login_methods
            .register_by(&facebook, &new, Some(&digest), &consequences(&samples))
            .await
            .expect("asked")
    };
    assert!(matches!(make().await, SocialRegistration::Created(account) if account.id == new.id));
    assert_eq!(make().await, SocialRegistration::LinkNotGood);
    assert_eq!((recognised(stores, &samples, &facebook).await, noted(stores).await), (Some(new.id), 1));
}

/// So whoever holds it can follow it once the way is free.
pub async fn a_link_that_cannot_be_followed_is_not_spent(stores: &Stores) {
    let samples = Samples::default();
    let (github, google) = (method(&samples, Provider::Github, "1"), method(&samples, Provider::Google, "1"));
    let owner = made(stores, &samples, "owner", &github).await;
    let account = samples.registered(stores, "somebody").await;
    let digest = held(stores, &samples, account.id, true, &github).await;
    let linking = linked_mailed(stores, account.id, &github, &digest, &consequences(&samples)).await;
    assert_eq!(linking, Linking::Elsewhere);
    assert_eq!(ways_in(stores, account.id).await, WaysIn { password: true, identities: Vec::new() });
    assert!(stores.login_methods.held(&digest, samples.now()).await.expect("read").is_some());

    let mut new = passwordless(&samples, "owner");
    let digest = held(stores, &samples, new.id, false, &google).await;
    let make = async |new: &NewAccount| {
        stores
            .login_methods
            .register_by(&google, new, Some(&digest), &consequences(&samples))
            .await
            .expect("asked")
    };
    assert_eq!(make(&new).await, SocialRegistration::UsernameTaken);
    new.username = crate::names::Username::parse("another").expect("a good name");
    assert_eq!(make(&new).await, SocialRegistration::EmailTaken);
    new.email = Some(email("another"));
    assert!(matches!(make(&new).await, SocialRegistration::Created(_)));
    assert_eq!(noted(stores).await, 1);
    assert_eq!(recognised(stores, &samples, &github).await, Some(owner.id));
}
