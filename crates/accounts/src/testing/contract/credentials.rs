//! Rules of [`crate::ports::CredentialStore`].

use super::samples::email;
use super::{CALLS, Samples, Stores, at_once};
use crate::account::Account;
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::mfa::OtpSecret;
use crate::names::{EmailAddress, PersonName};
use crate::password::PasswordHash;
use crate::ports::{
    AddressChange, AuditFilter, Consequences, NewLetter, NewOtpMethod, NewSecret, OtpMethodId, Purpose,
    SessionRecord,
};
use crate::session_tokens::Device;
use crate::tokens::TokenDigest;
use square_kernel::{Limit, Page, Secret, SessionId, UserId};
use std::collections::BTreeSet;

/// Makes a test of every rule on what owners change; see [`crate::testing::contract`].
#[macro_export]
macro_rules! credentials_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            credentials,
            $make,
            [
                a_reset_sets_the_password_and_ends_every_session,
                one_of_many_uses_of_a_reset_link_sets_the_password,
                of_many_reset_links_of_an_account_one_sets_the_password,
                a_reset_link_that_is_not_good_does_nothing,
                a_reset_confirms_the_address_and_takes_what_strangers_left,
                a_reset_leaves_the_second_factor_of_a_confirmed_account,
                a_changed_password_keeps_one_session,
                of_many_changes_of_one_password_one_happens,
                a_new_password_drops_what_the_old_one_led_to,
                another_address_holds_once_it_is_confirmed,
                one_of_many_uses_of_an_address_link_changes_the_address,
                a_later_address_takes_the_place_of_an_earlier_one,
                an_address_link_that_is_not_good_does_nothing,
                an_address_that_is_taken_meanwhile_stays_where_it_is,
                of_many_who_confirm_one_address_one_gets_it,
                names_are_changed_and_noted_once,
                all_sessions_come_page_by_page,
                a_deleted_account_leaves_nothing_but_that_it_was,
                of_many_deletions_one_happens,
                what_is_opened_beside_a_deletion_ends_with_it,
            ]
        );
    };
}

/// A secret of `user` that is good for a minute.
fn secret(samples: &Samples, user: UserId, purpose: Purpose) -> NewSecret {
    NewSecret {
        digest: samples.digest(),
        purpose,
        user: Some(user),
        payload: None,
        attempts: 1,
        created_at: samples.now(),
        expires_at: samples.at(60),
    }
}

async fn issued(stores: &Stores, samples: &Samples, user: UserId, purpose: Purpose) -> TokenDigest {
    let secret = secret(samples, user, purpose);
    assert!(stores.secrets.issue(&secret, 99, Consequences::none()).await.expect("asked"));
    secret.digest
}

async fn asked(stores: &Stores, samples: &Samples, user: UserId, new: &EmailAddress) -> TokenDigest {
    let payload = Some(Secret::new(new.as_str()));
    let secret = NewSecret { payload, ..secret(samples, user, Purpose::ChangeEmail) };
    assert!(stores.credentials.ask_for_address(&secret, Consequences::none()).await.expect("asked"));
    secret.digest
}

async fn is_good(stores: &Stores, samples: &Samples, digest: &TokenDigest, purpose: Purpose) -> bool {
    stores.secrets.look(digest, purpose, samples.at(1)).await.expect("read").is_some()
}

async fn opened(stores: &Stores, samples: &Samples, user: UserId) -> SessionId {
    let session = samples.session(user);
    assert!(stores.sessions.open(&session, Consequences::none()).await.expect("opened"));
    session.id
}

async fn hash_of(stores: &Stores, user: UserId) -> PasswordHash {
    stores.credentials.own_credentials(user).await.expect("read").expect("there").1
}

async fn confirmed(stores: &Stores, samples: &Samples, name: &str) -> Account {
    let account = samples.registered(stores, name).await;
    let digest = issued(stores, samples, account.id, Purpose::Confirm).await;
    let confirmed = stores.accounts.confirm(&digest, None, samples.at(0), Consequences::none()).await;
    confirmed.expect("asked").expect("confirmed")
}

/// Whether a letter waits; it waits no more.
async fn letter_waits(stores: &Stores, samples: &Samples) -> bool {
    stores.letters.claim(samples.at(1), samples.at(3600)).await.expect("asked").is_some()
}

fn sorted(mut sessions: Vec<SessionId>) -> Vec<SessionId> {
    sessions.sort_unstable();
    sessions
}

/// With what it leads to.
pub async fn a_reset_sets_the_password_and_ends_every_session(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let sessions = vec![opened(stores, &samples, user).await, opened(stores, &samples, user).await];
    let bystander = opened(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let (new, letter) = (PasswordHash::new("new"), Consequences::posted(&samples.letter(0)));
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(1), &letter).await;
    assert_eq!(reset.expect("asked").map(sorted), Some(sorted(sessions)));
    assert_eq!(hash_of(stores, user).await, new);
    assert!(letter_waits(stores, &samples).await);
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert!(ended.len() == 2 && ended.iter().all(|(id, at)| *id != bystander && *at == samples.at(1)));
}

/// The others get nothing, and nothing is stored for them.
pub async fn one_of_many_uses_of_a_reset_link_sets_the_password(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let winner = reset_at_once(stores, &samples, user, &[digest]).await;
    assert_eq!(hash_of(stores, user).await, PasswordHash::new(format!("new {winner}")));
    assert!(letter_waits(stores, &samples).await);
    assert!(!letter_waits(stores, &samples).await);
}

/// All the others are spent with it.
pub async fn of_many_reset_links_of_an_account_one_sets_the_password(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let mut digests = Vec::new();
    for _ in 0..8 {
        digests.push(issued(stores, &samples, user, Purpose::ResetPassword).await);
    }
    let winner = reset_at_once(stores, &samples, user, &digests).await;
    assert_eq!(hash_of(stores, user).await, PasswordHash::new(format!("new {winner}")));
}

/// Uses the links at once and in turn; gives the number of the only call that got through.
async fn reset_at_once(stores: &Stores, samples: &Samples, user: UserId, digests: &[TokenDigest]) -> usize {
    let at = samples.at(1);
    let done = at_once(|call| {
        let (stores, digest) = (stores.clone(), digests[call % digests.len()]);
        let letter = Consequences::posted(&samples.letter(0));
        async move {
            let new = PasswordHash::new(format!("new {call}"));
            let reset = stores.credentials.reset_password(&digest, user, &new, at, &letter).await;
            reset.expect("asked").map(|_| call)
        }
    });
    let winners: Vec<usize> = done.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners[0]
}

/// One of somebody else stays unspent.
pub async fn a_reset_link_that_is_not_good_does_nothing(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    let other = samples.registered(stores, "other").await.id;
    let session = opened(stores, &samples, account.id).await;
    let theirs = issued(stores, &samples, other, Purpose::ResetPassword).await;
    let own = issued(stores, &samples, account.id, Purpose::ResetPassword).await;
    let mut attempts = vec![(samples.digest(), 1), (theirs, 1), (own, 60)];
    for purpose in Purpose::ALL.iter().filter(|purpose| **purpose != Purpose::ResetPassword) {
        attempts.push((issued(stores, &samples, account.id, *purpose).await, 1));
    }
    for (digest, seconds) in attempts {
        let (new, letter) = (PasswordHash::new("new"), Consequences::posted(&samples.letter(0)));
        let at = samples.at(seconds);
        let reset = stores.credentials.reset_password(&digest, account.id, &new, at, &letter).await;
        assert_eq!(reset.expect("asked"), None);
    }
    assert_eq!(hash_of(stores, account.id).await, PasswordHash::new("hash of somebody"));
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
    assert!(!letter_waits(stores, &samples).await);
    assert!(is_good(stores, &samples, &theirs, Purpose::ResetPassword).await);
    let session = stores.sessions.session(session).await.expect("read").expect("there");
    assert_eq!(session.ended_at, None);
}

async fn with_second_factor(stores: &Stores, samples: &Samples, user: UserId) {
    let method = NewOtpMethod {
        id: OtpMethodId::new(samples.clock(), samples.randomness()),
        user,
        secret: OtpSecret::new(samples.randomness()),
        at: samples.now(),
    };
    assert!(stores.mfa.begin_otp(&method, Consequences::none()).await.expect("asked"));
}

/// Whoever made the account need not have had the mailbox.
pub async fn a_reset_confirms_the_address_and_takes_what_strangers_left(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    with_second_factor(stores, &samples, user).await;
    let confirmation = issued(stores, &samples, user, Purpose::Confirm).await;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let new = PasswordHash::new("new");
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(1), Consequences::none());
    assert_eq!(reset.await.expect("asked"), Some(Vec::new()));
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert_eq!((account.confirmed_at, account.mfa_enabled_at), (Some(samples.at(1)), None));
    assert!(stores.mfa.otp_method(user).await.expect("read").is_none());
    assert!(!is_good(stores, &samples, &confirmation, Purpose::Confirm).await);
}

/// A mailbox is not two factors.
pub async fn a_reset_leaves_the_second_factor_of_a_confirmed_account(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    with_second_factor(stores, &samples, account.id).await;
    let digest = issued(stores, &samples, account.id, Purpose::ResetPassword).await;
    let new = PasswordHash::new("new");
    let reset =
        stores.credentials.reset_password(&digest, account.id, &new, samples.at(1), Consequences::none());
    assert!(reset.await.expect("asked").is_some());
    assert!(stores.mfa.otp_method(account.id).await.expect("read").is_some());
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
}

/// The one that it was changed in.
pub async fn a_changed_password_keeps_one_session(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (kept, other) = (opened(stores, &samples, user).await, opened(stores, &samples, user).await);
    let (old, new) = (PasswordHash::new("hash of somebody"), PasswordHash::new("new"));
    let change = async |old: &PasswordHash| {
        let letter = Consequences::posted(&samples.letter(0));
        let changed = stores.credentials.change_password(user, kept, old, &new, samples.at(1), &letter).await;
        changed.expect("asked")
    };
    assert_eq!(change(&PasswordHash::new("another")).await, None);
    assert!(!letter_waits(stores, &samples).await);
    assert_eq!(change(&old).await, Some(vec![other]));
    assert_eq!(change(&old).await, None);
    assert_eq!(hash_of(stores, user).await, new);
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended, [(other, samples.at(1))]);
}

/// The others find that the old one is not it any more.
pub async fn of_many_changes_of_one_password_one_happens(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (kept, at) = (opened(stores, &samples, user).await, samples.at(1));
    let done = at_once(|call| {
        let stores = stores.clone();
        async move {
            let (old, new) =
                (PasswordHash::new("hash of somebody"), PasswordHash::new(format!("new {call}")));
            let changed =
                stores.credentials.change_password(user, kept, &old, &new, at, Consequences::none()).await;
            changed.expect("asked").map(|_| new)
        }
    });
    let done: Vec<PasswordHash> = done.await.into_iter().flatten().collect();
    assert_eq!(done, [hash_of(stores, user).await]);
}

/// Links that set a password, challenges, and addresses that nobody has confirmed; not those of others, and none of other kinds.
pub async fn a_new_password_drops_what_the_old_one_led_to(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    let (user, other) = (account.id, samples.registered(stores, "other").await.id);
    let kept = opened(stores, &samples, user).await;
    let dropped = [Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::Mfa];
    let (mut hash, next) = (PasswordHash::new("hash of somebody"), ["by change", "by reset"]);
    for (number, next) in next.into_iter().enumerate() {
        let mut secrets = Vec::new();
        for purpose in Purpose::ALL {
            secrets.push((issued(stores, &samples, user, *purpose).await, *purpose));
        }
        let theirs = issued(stores, &samples, other, Purpose::ResetPassword).await;
        let new = PasswordHash::new(next);
        let changed = if number == 0 {
            stores
                .credentials
                .change_password(user, kept, &hash, &new, samples.at(1), Consequences::none())
                .await
        } else {
            let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
            // With the address itself goes what would have confirmed it.
            secrets.retain(|(_, purpose)| *purpose != Purpose::Confirm);
            stores.credentials.reset_password(&digest, user, &new, samples.at(1), Consequences::none()).await
        };
        assert!(changed.expect("asked").is_some(), "{next}");
        for (digest, purpose) in secrets {
            let good = is_good(stores, &samples, &digest, purpose).await;
            assert_eq!(good, !dropped.contains(&purpose), "{next}: {purpose:?}");
        }
        assert!(is_good(stores, &samples, &theirs, Purpose::ResetPassword).await, "{next}");
        hash = new;
    }
}

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
    let changed = Account { email: Some(new.clone()), confirmed_at: Some(samples.at(1)), ..account.clone() };
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
    assert!(!stores.credentials.ask_for_address(&nobody, Consequences::none()).await.expect("asked"));
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

/// What is so already is no change.
pub async fn names_are_changed_and_noted_once(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let name = |text: &str| PersonName::parse("first_name", text).expect("a good name");
    let (first, last) = (name("Ada"), name(""));
    let rename = async |user| {
        let letter = Consequences::posted(&samples.letter(0));
        stores.credentials.rename(user, &first, &last, samples.at(1), &letter).await.expect("asked")
    };
    let renamed = Account { first_name: first.clone(), last_name: last.clone(), ..account.clone() };
    assert_eq!(rename(account.id).await, Some(renamed.clone()));
    assert_eq!(rename(account.id).await, Some(renamed.clone()));
    assert_eq!(rename(samples.user_id()).await, None);
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(renamed));
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
}

/// However they stand; none is missed and none comes twice.
pub async fn all_sessions_come_page_by_page(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    opened(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(opened(stores, &samples, user).await);
    }
    assert!(stores.sessions.end(all[1], samples.at(1), Consequences::none()).await.expect("asked"));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = Page { limit: Limit::new(2).expect("a good limit"), after };
        let slice = stores.credentials.all_sessions(user, page).await.expect("read");
        seen.extend(slice.items.into_iter().map(|session| session.id));
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    all.sort_unstable();
    all.reverse();
    assert_eq!(seen, all);
}

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
    let sessions = vec![opened(stores, &samples, user).await, opened(stores, &samples, user).await];
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
    let delete = || stores.credentials.delete_account(user, samples.at(1), &deletion);
    assert_eq!(delete().await.expect("asked"), Some(vec![sessions[1]]));
    assert_eq!(delete().await.expect("asked"), None);

    assert_eq!(stores.accounts.by_id(user).await.expect("read"), None);
    assert!(stores.credentials.own_credentials(user).await.expect("read").is_none());
    assert!(!is_good(stores, &samples, &digest, Purpose::ResetPassword).await);
    assert!(stores.mfa.otp_method(user).await.expect("read").is_none());
    assert!(stores.credentials.all_sessions(user, Page::default()).await.expect("read").items.is_empty());
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    let ended: BTreeSet<SessionId> = ended.into_iter().map(|(session, _)| session).collect();
    assert_eq!(ended, sessions.into_iter().collect(), "tokens of theirs may be about");
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
    assert_eq!(stores.sessions.forget_expired(samples.at(61), 10).await.expect("asked"), 2);
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
        async move { stores.credentials.delete_account(user, at, &letter).await.expect("asked") }
    });
    let done: Vec<_> = done.await.into_iter().flatten().collect();
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
                let deleted = stores.credentials.delete_account(user, at, Consequences::none()).await;
                assert!(deleted.expect("asked").is_some());
                return None;
            }
            let opened = stores.sessions.open(&session, Consequences::none()).await;
            opened.expect("asked").then_some(session.id)
        }
    });
    let opened: BTreeSet<SessionId> = done.await.into_iter().flatten().collect();
    let ended = stores.sessions.ended_since(at).await.expect("read");
    assert_eq!(ended.into_iter().map(|(session, _)| session).collect::<BTreeSet<_>>(), opened);
}
