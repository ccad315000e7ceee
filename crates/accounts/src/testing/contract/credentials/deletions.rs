//! An account that is deleted.

use super::super::{CALLS, Samples, Stores, at_once};
use super::{confirmed, is_good, issued, letter_waits, opened, with_second_factor};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{AuditFilter, Consequences, NewLetter, Purpose, SessionRecord};
use crate::session_tokens::Device;
use square_kernel::{Page, SessionId, UserId};
use std::collections::BTreeSet;

/// An entry of the audit log about `user`, caused by `actor` from somewhere.
fn entry(samples: &Samples, actor: Option<UserId>, user: UserId) -> AuditEntry {
    let device = Device { address: Some("192.0.2.7".to_owned()), ..Device::default() };
    AuditEntry {
        id: samples.audit_id(),
        at: samples.now(),
        action: AuditAction::SignedIn,
        actor: Actor { user: actor, device },
        user: Some(user),
        detail: None,
    }
}

/// Its name is free again, no token and no link of it is good, and where it was used from is forgotten.
pub async fn a_deleted_account_leaves_nothing_but_that_it_was(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    let (user, admin) = (account.id, samples.registered(stores, "admin").await.id);
    let sessions = [opened(stores, &samples, user).await, opened(stores, &samples, user).await];
    assert!(stores.sessions.end(sessions[0], samples.at(0), Consequences::none()).await.expect("asked"));
    with_second_factor(stores, &samples, user).await;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let to = |mut letter: NewLetter| {
        letter.letter.username = account.username.clone();
        letter
    };
    let (waiting, told) = (to(samples.letter(0)), to(samples.letter(0)));
    let stranger = entry(&samples, None, user);
    let (own, by_admin) = (entry(&samples, Some(user), user), entry(&samples, Some(admin), user));
    let happened = Consequences { letters: vec![waiting], audit: vec![stranger, own, by_admin] };
    stores.accounts.record(&happened).await.expect("stored");

    let deletion =
        Consequences { letters: vec![told.clone()], audit: vec![entry(&samples, Some(user), user)] };
    let delete = || stores.credentials.delete_account(user, None, samples.at(1), &deletion);
    assert_eq!(delete().await.expect("asked"), Ok(Some(vec![sessions[1]])));
    assert_eq!(delete().await.expect("asked"), Ok(None));

    assert_eq!(stores.accounts.by_id(user).await.expect("read"), None);
    assert!(stores.credentials.own_credentials(user).await.expect("read").is_none());
    assert!(!is_good(stores, &samples, &digest, Purpose::ResetPassword).await);
    assert!(stores.mfa.otp_method(user).await.expect("read").is_none());
    assert!(stores.credentials.all_sessions(user, Page::default()).await.expect("read").items.is_empty());
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    let ended: BTreeSet<SessionId> = ended.into_iter().map(|(session, _)| session).collect();
    assert!(sessions.iter().all(|session| ended.contains(session)), "tokens of theirs may be about");
    let claimed = stores.letters.claim(samples.at(1), samples.at(3600)).await.expect("asked");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(told.id));
    assert!(!letter_waits(stores, &samples).await);

    let filter = AuditFilter { user: Some(user), ..AuditFilter::default() };
    let entries = stores.audit.entries(&filter, None, 10).await.expect("read");
    let from_where: Vec<_> = entries
        .iter()
        .map(|entry| (entry.actor.user == Some(admin), entry.actor.device.address.is_some()))
        .collect();
    assert_eq!(from_where.len(), 4);
    assert!(from_where.iter().all(|(by_admin, known)| by_admin == known), "{from_where:?}");
    samples.registered(stores, "somebody").await;
    assert_eq!(stores.sessions.forget_expired(samples.at(61), 10).await.expect("asked"), 3);
    assert!(stores.sessions.ended_since(samples.now()).await.expect("read").is_empty());
}

/// The others find nothing.
pub async fn of_many_deletions_one_happens(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    opened(stores, &samples, user).await;
    let at = samples.at(1);
    let done = at_once(|_| {
        let stores = stores.clone();
        let letter = Consequences::posted(&samples.letter(0));
        async move { stores.credentials.delete_account(user, None, at, &letter).await.expect("asked") }
    });
    let done: Vec<_> = done.await.into_iter().flatten().flatten().collect();
    assert_eq!(done.iter().map(Vec::len).collect::<Vec<_>>(), [1]);
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
}

/// Or is not opened.
pub async fn what_is_opened_beside_a_deletion_ends_with_it(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let sessions: Vec<SessionRecord> = (0..CALLS).map(|_| samples.session(user)).collect();
    let at = samples.at(1);
    let done = at_once(|call| {
        let (stores, session) = (stores.clone(), sessions[call].clone());
        async move {
            if call == CALLS / 2 {
                let deleted = stores.credentials.delete_account(user, None, at, Consequences::none()).await;
                assert!(deleted.expect("asked").expect("the operator does it").is_some());
                return None;
            }
            let opened = stores.sessions.open(&session, 0, Consequences::none()).await;
            opened.expect("asked").then_some(session.id)
        }
    });
    let opened: BTreeSet<SessionId> = done.await.into_iter().flatten().collect();
    let ended = stores.sessions.ended_since(at).await.expect("read");
    assert_eq!(ended.into_iter().map(|(session, _)| session).collect::<BTreeSet<_>>(), opened);
}
