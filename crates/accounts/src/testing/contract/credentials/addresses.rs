//! An address that is changed.

use super::super::samples::email;
use super::super::{CALLS, Samples, Stores, at_once};
use super::{asked, is_good, issued, letter_waits, opened, secret};
use crate::account::Account;
use crate::names::EmailAddress;
use crate::ports::{AddressChange, Consequences, Purpose};
use crate::tokens::TokenDigest;

/// And all links to the old one are spent.
pub async fn another_address_holds_once_it_is_confirmed(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let session = opened(stores, &samples, account.id).await;
    let new = email("new");
    let digest = asked(stores, &samples, account.id, &new).await;
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account.clone()));
    let old_links = [Purpose::Confirm, Purpose::ResetPassword, Purpose::LinkSocial];
    let mut links = Vec::new();
    for purpose in old_links {
        links.push((issued(stores, &samples, account.id, purpose).await, purpose));
    }
    let letter = Consequences::posted(&samples.letter(0));
    let change = || stores.credentials.change_address(&digest, account.id, &new, samples.at(1), &letter);
    let at = Some(samples.at(1));
    let changed =
        Account { email: Some(new.clone()), confirmed_at: at, unproved_until: at, ..account.clone() };
    assert_eq!(change().await.expect("asked"), AddressChange::Changed(Box::new(changed.clone())));
    assert_eq!(change().await.expect("asked"), AddressChange::LinkNotGood);
    assert_eq!(stores.accounts.by_email(&new).await.expect("read"), Some(changed));
    assert_eq!(stores.accounts.by_email(&email("somebody")).await.expect("read"), None);
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
    for (digest, purpose) in links {
        assert!(!is_good(stores, &samples, &digest, purpose).await, "{purpose:?}");
    }
    let session = stores.sessions.session(session).await.expect("read").expect("there");
    assert_eq!(session.ended_at, None);
}

/// The others get nothing, and nothing is stored for them.
pub async fn one_of_many_uses_of_an_address_link_changes_the_address(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (new, at) = (email("new"), samples.at(1));
    let digest = asked(stores, &samples, user, &new).await;
    let done = at_once(|_| {
        let (stores, new) = (stores.clone(), new.clone());
        let letter = Consequences::posted(&samples.letter(0));
        async move {
            let changed = stores.credentials.change_address(&digest, user, &new, at, &letter).await;
            matches!(changed.expect("asked"), AddressChange::Changed(_))
        }
    });
    assert_eq!(done.await.into_iter().filter(|changed| *changed).count(), 1);
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
}

/// The first one may have been mistyped, and somebody else's mailbox.
pub async fn a_later_address_takes_the_place_of_an_earlier_one(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (mistyped, new) = (email("mistyped"), email("new"));
    let first = asked(stores, &samples, user, &mistyped).await;
    let second = asked(stores, &samples, user, &new).await;
    let change = async |digest: &TokenDigest, new: &EmailAddress| {
        let changed =
            stores.credentials.change_address(digest, user, new, samples.at(1), Consequences::none()).await;
        matches!(changed.expect("asked"), AddressChange::Changed(_))
    };
    assert!(!change(&first, &mistyped).await);
    assert!(change(&second, &new).await);
    let nobody = secret(&samples, samples.user_id(), Purpose::ChangeEmail);
    let by = samples.caller(stores, user).await;
    let asked = stores.credentials.ask_for_address(&nobody, by, Consequences::none()).await;
    assert_eq!(asked.expect("asked"), Ok(false));
}

/// One of somebody else stays unspent.
pub async fn an_address_link_that_is_not_good_does_nothing(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let other = samples.registered(stores, "other").await.id;
    let (new, their_new) = (email("new"), email("theirs"));
    let theirs = asked(stores, &samples, other, &their_new).await;
    let mut attempts = vec![(samples.digest(), 1), (theirs, 1)];
    for purpose in Purpose::ALL.iter().filter(|purpose| **purpose != Purpose::ChangeEmail) {
        attempts.push((issued(stores, &samples, account.id, *purpose).await, 1));
    }
    attempts.push((asked(stores, &samples, account.id, &new).await, 60));
    for (digest, seconds) in attempts {
        let letter = Consequences::posted(&samples.letter(0));
        let at = samples.at(seconds);
        let changed = stores.credentials.change_address(&digest, account.id, &new, at, &letter).await;
        assert_eq!(changed.expect("asked"), AddressChange::LinkNotGood);
    }
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
    assert!(!letter_waits(stores, &samples).await);
    assert!(is_good(stores, &samples, &theirs, Purpose::ChangeEmail).await);
}

/// The link is spent all the same, and the account is as it was.
pub async fn an_address_that_is_taken_meanwhile_stays_where_it_is(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let new = email("quick");
    let digest = asked(stores, &samples, account.id, &new).await;
    let quick = samples.registered(stores, "quick").await;
    let letter = Consequences::posted(&samples.letter(0));
    let change = || stores.credentials.change_address(&digest, account.id, &new, samples.at(1), &letter);
    assert_eq!(change().await.expect("asked"), AddressChange::Taken);
    assert_eq!(change().await.expect("asked"), AddressChange::LinkNotGood);
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
    assert_eq!(stores.accounts.by_email(&new).await.expect("read"), Some(quick));
    assert!(!letter_waits(stores, &samples).await);
}

/// The others are told that it is taken.
pub async fn of_many_who_confirm_one_address_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let (new, at) = (email("new"), samples.at(1));
    let mut asking = Vec::new();
    for number in 0..CALLS {
        let user = samples.registered(stores, &format!("name{number}")).await.id;
        asking.push((user, asked(stores, &samples, user, &new).await));
    }
    let done = at_once(|call| {
        let (stores, new, (user, digest)) = (stores.clone(), new.clone(), asking[call]);
        async move {
            let changed =
                stores.credentials.change_address(&digest, user, &new, at, Consequences::none()).await;
            changed.expect("asked")
        }
    });
    let (mut got, mut told) = (Vec::new(), 0);
    for outcome in done.await {
        match outcome {
            AddressChange::Changed(account) => got.push(*account),
            AddressChange::Taken => told += 1,
            AddressChange::LinkNotGood => unreachable!("each link is used once"),
        }
    }
    assert_eq!((got.len(), told), (1, CALLS - 1));
    assert_eq!(stores.accounts.by_email(&new).await.expect("read"), got.pop());
}
