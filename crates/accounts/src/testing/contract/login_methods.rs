//! Rules of [`crate::ports::LoginMethodStore`].

use super::samples::email;
use super::{CALLS, Samples, Stores, at_once};
use crate::account::{Account, LoginMethod};
use crate::audit::{Actor, AuditAction, AuditEntry, AuditId};
use crate::mfa::OtpSecret;
use crate::password::PasswordHash;
use crate::ports::identity::{ExternalIdentity, Grant, KnownAddress, ShownText, Subject};
use crate::ports::{
    AuditFilter, Consequences, HeldSocialLink, Linking, LoginMethodId, NewAccount, NewLoginMethod,
    NewOtpMethod, NewSecret, NewSocialLink, OtpMethodId, Purpose, SocialRegistration, Unlinking, WaysIn,
};
use crate::social::Provider;
use crate::tokens::TokenDigest;
use square_kernel::{Secret, UserId};

/// Makes a test of every rule on ways to sign in; see [`crate::testing::contract`].
#[macro_export]
macro_rules! login_methods_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            login_methods,
            $make,
            [
                an_account_is_made_with_its_identity_or_not_at_all,
                an_identity_belongs_to_one_account,
                provider_and_subject_tell_identities_apart_letter_by_letter,
                what_is_known_of_an_identity_is_what_the_provider_said_last,
                an_account_may_have_several_ways_in,
                a_link_stands_for_an_identity_until_it_is_spent_or_expires,
                a_link_is_good_for_its_account_alone,
                an_account_has_no_more_good_links_than_allowed,
                a_link_to_a_confirmed_account_leaves_it_as_it_is,
                a_link_to_an_unconfirmed_account_leaves_nothing_of_whoever_made_it,
                a_link_makes_the_account_it_names,
                a_link_that_cannot_be_followed_is_not_spent,
                the_last_way_in_stays,
                of_many_who_come_with_one_identity_one_gets_an_account,
                of_many_accounts_that_want_one_identity_one_gets_it,
                of_many_who_use_one_link_one_gets_in,
                of_many_who_use_one_link_to_a_new_account_one_makes_it,
                of_many_who_spend_one_state_one_gets_it,
                of_the_last_ways_in_that_are_taken_away_at_once_one_stays,
            ]
        );
    };
}

fn method(samples: &Samples, provider: Provider, subject: &str) -> NewLoginMethod {
    let token = |text: &str| Some(Secret::new(format!("{text} of {subject} \"ü\\\n")));
    NewLoginMethod {
        id: LoginMethodId::from(samples.user_id().uuid()),
        provider,
        identity: ExternalIdentity {
            subject: Subject::parse(subject).expect("a good subject"),
            email: Some(KnownAddress { address: email("somebody"), vouched: true }),
            name: ShownText::new("Zoë \"O'Neil\" \\"),
            first_name: ShownText::new("Zoë"),
            last_name: ShownText::new("O'Neil"),
            user_name: ShownText::new("zoe"),
            grant: Grant {
                access_token: token("access"),
                expires_at: Some(samples.at(3600)),
                refresh_token: token("refresh"),
                refresh_expires_at: None,
                scope: ShownText::new("read:user"),
                token_type: ShownText::new("bearer"),
            },
        },
        at: samples.now(),
    }
}

/// Without a password.
fn passwordless(samples: &Samples, name: &str) -> NewAccount {
    let mut new = samples.account(name);
    new.password = PasswordHash::none();
    new.confirmed_at = Some(samples.now());
    new.login_method = LoginMethod::Social(Provider::Github);
    new
}

fn consequences(samples: &Samples) -> Consequences {
    let entry = AuditEntry {
        id: AuditId::from(samples.user_id().uuid()),
        at: samples.now(),
        action: AuditAction::LoginMethodAdded,
        actor: Actor::default(),
        user: None,
        detail: Some("github".to_owned()),
    };
    Consequences::noted(entry)
}

/// How often consequences were stored.
async fn noted(stores: &Stores) -> usize {
    stores.audit.entries(&AuditFilter::default(), None, 99).await.expect("read").len()
}

async fn made(stores: &Stores, samples: &Samples, name: &str, method: &NewLoginMethod) -> Account {
    let new = passwordless(samples, name);
    let made = stores.login_methods.register_by(method, &new, None, Consequences::none()).await;
    match made.expect("asked") {
        SocialRegistration::Created(account) => *account,
        other => unreachable!("not made: {other:?}"),
    }
}

async fn recognised(stores: &Stores, samples: &Samples, method: &NewLoginMethod) -> Option<UserId> {
    let found = stores.login_methods.recognise(method.provider, &method.identity, samples.now()).await;
    found.expect("asked").map(|account| account.id)
}

async fn ways_in(stores: &Stores, user: UserId) -> WaysIn {
    stores.login_methods.ways_in(user).await.expect("read").expect("there")
}

async fn linked(stores: &Stores, user: UserId, method: &NewLoginMethod) -> Linking {
    stores.login_methods.link(user, method, None, Consequences::none()).await.expect("asked")
}

fn is_linked(linking: &Linking) -> bool {
    matches!(linking, Linking::Linked { .. })
}

/// A link by which `method` becomes a way in, good for a minute.
async fn held(
    stores: &Stores,
    samples: &Samples,
    user: UserId,
    exists: bool,
    method: &NewLoginMethod,
) -> TokenDigest {
    let link = NewSocialLink { digest: samples.digest(), user, exists, expires_at: samples.at(60) };
    assert!(stores.login_methods.hold(&link, method, 99, Consequences::none()).await.expect("asked"));
    link.digest
}

/// Where the name, the address or the identity is taken, nothing is stored.
pub async fn an_account_is_made_with_its_identity_or_not_at_all(stores: &Stores) {
    let samples = Samples::default();
    let (first, second) = (method(&samples, Provider::Github, "1"), method(&samples, Provider::Github, "2"));
    let new = passwordless(&samples, "somebody");
    let register = async |method: &NewLoginMethod, new: &NewAccount| {
        stores.login_methods.register_by(method, new, None, &consequences(&samples)).await.expect("asked")
    };
    let SocialRegistration::Created(account) = register(&first, &new).await else { unreachable!("not made") };
    assert_eq!(stores.accounts.by_id(new.id).await.expect("read"), Some((*account).clone()));
    assert_eq!((account.login_method, account.confirmed_at), (new.login_method, new.confirmed_at));
    assert_eq!(&*account.roles, &["user".to_owned()][..]);
    assert_eq!(recognised(stores, &samples, &first).await, Some(new.id));
    assert_eq!(noted(stores).await, 1);

    let named = NewAccount { email: Some(email("other")), ..passwordless(&samples, "SOMEBODY") };
    let addressed = NewAccount { email: Some(email("somebody")), ..passwordless(&samples, "other") };
    for (method, new, wanted) in [
        (&second, &named, SocialRegistration::UsernameTaken),
        (&second, &addressed, SocialRegistration::EmailTaken),
        (&first, &passwordless(&samples, "third"), SocialRegistration::IdentityTaken),
    ] {
        assert_eq!(register(method, new).await, wanted);
        assert_eq!(stores.accounts.by_id(new.id).await.expect("read"), None);
    }
    assert_eq!((recognised(stores, &samples, &second).await, noted(stores).await), (None, 1));
    assert!(matches!(
        register(&second, &passwordless(&samples, "other")).await,
        SocialRegistration::Created(_)
    ));
}

/// It can't be linked to another one.
pub async fn an_identity_belongs_to_one_account(stores: &Stores) {
    let samples = Samples::default();
    let (one, other) = (samples.registered(stores, "one").await, samples.registered(stores, "other").await);
    let github = method(&samples, Provider::Github, "1");
    let link = async |user, method: &NewLoginMethod| {
        stores.login_methods.link(user, method, None, &consequences(&samples)).await.expect("asked")
    };
    assert_eq!(
        link(one.id, &github).await,
        Linking::Linked { account: Box::new(one.clone()), ended: Vec::new() }
    );
    let again = NewLoginMethod { id: LoginMethodId::from(samples.user_id().uuid()), ..github.clone() };
    assert_eq!(link(other.id, &again).await, Linking::Elsewhere);
    assert_eq!(link(one.id, &again).await, Linking::Known(Box::new(one.clone())));
    assert_eq!(link(samples.user_id(), &method(&samples, Provider::Github, "2")).await, Linking::LinkNotGood);
    assert_eq!(noted(stores).await, 1);
    assert_eq!(recognised(stores, &samples, &again).await, Some(one.id));
    let ids: Vec<_> = ways_in(stores, one.id).await.identities.iter().map(|linked| linked.id).collect();
    assert_eq!(ids, [github.id]);
    assert_eq!(ways_in(stores, other.id).await, WaysIn { password: true, identities: Vec::new() });
    assert_eq!(stores.login_methods.ways_in(samples.user_id()).await.expect("read"), None);
}

/// Also where they differ in case, accents or blanks only.
pub async fn provider_and_subject_tell_identities_apart_letter_by_letter(stores: &Stores) {
    let samples = Samples::default();
    let subjects = ["abc", "ABC", "äbc", "abc ", " abc", "１", "1", "\u{1F600}"];
    for (number, subject) in subjects.iter().enumerate() {
        for provider in Provider::ALL {
            let method = method(&samples, provider, subject);
            assert_eq!(recognised(stores, &samples, &method).await, None, "{provider} {subject:?}");
            let account = made(stores, &samples, &format!("{provider}{number}"), &method).await;
            assert_eq!(recognised(stores, &samples, &method).await, Some(account.id));
        }
    }
}

/// Also what is said when it is recognised, and when it is linked again.
pub async fn what_is_known_of_an_identity_is_what_the_provider_said_last(stores: &Stores) {
    let samples = Samples::default();
    let mut github = method(&samples, Provider::Github, "1");
    let account = made(stores, &samples, "somebody", &github).await;
    let shown = async |method: &NewLoginMethod| {
        let ways = ways_in(stores, account.id).await;
        let [linked] = &ways.identities[..] else { unreachable!("one way in") };
        let identity = &method.identity;
        assert_eq!((linked.id, linked.provider, linked.created_at), (method.id, method.provider, method.at));
        assert_eq!((&linked.subject, &linked.name), (&identity.subject, &identity.name));
        assert_eq!((&linked.user_name, &linked.grant), (&identity.user_name, &identity.grant));
        assert_eq!(linked.email.as_ref(), identity.email.as_ref().map(|email| &email.address));
        assert!(!ways.password);
    };
    shown(&github).await;
    github.identity.email = None;
    github.identity.name = ShownText::default();
    github.identity.grant = Grant::default();
    assert_eq!(recognised(stores, &samples, &github).await, Some(account.id));
    shown(&github).await;
    github.identity.user_name = ShownText::new("renamed");
    github.identity.grant.access_token = Some(Secret::new("new"));
    assert_eq!(linked(stores, account.id, &github).await, Linking::Known(Box::new(account.clone())));
    shown(&github).await;
}

/// Oldest first; of several providers, or of one.
pub async fn an_account_may_have_several_ways_in(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let mut wanted = Vec::new();
    for (number, provider) in [Provider::Google, Provider::Github, Provider::Github].into_iter().enumerate() {
        let mut method = method(&samples, provider, &format!("{number}"));
        method.at = samples.at(number.try_into().expect("a small number"));
        assert!(is_linked(&linked(stores, account.id, &method).await));
        wanted.push((method.id, provider));
    }
    let ways = ways_in(stores, account.id).await;
    let found: Vec<_> = ways.identities.iter().map(|linked| (linked.id, linked.provider)).collect();
    assert_eq!((ways.password, found), (true, wanted));
}

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
    let linking = stores.login_methods.link(account.id, &late, Some(&digest), Consequences::none()).await;
    assert_eq!(linking.expect("asked"), Linking::LinkNotGood);
    let linking = stores.login_methods.link(account.id, &github, Some(&digest), Consequences::none()).await;
    assert!(is_linked(&linking.expect("asked")));
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
        let linking = stores.login_methods.link(user, &github, Some(&digest), &consequences(&samples)).await;
        assert_eq!(linking.expect("asked"), Linking::LinkNotGood);
    }
    let somebody_else = passwordless(&samples, "else");
    for (new, digest) in [(&somebody_else, to_new), (&somebody_else, to_one), (&new, samples.digest())] {
        let made =
            stores.login_methods.register_by(&github, new, Some(&digest), &consequences(&samples)).await;
        assert_eq!(made.expect("asked"), SocialRegistration::LinkNotGood);
    }
    assert_eq!((recognised(stores, &samples, &github).await, noted(stores).await), (None, 0));
    let linking = stores.login_methods.link(one.id, &github, Some(&to_one), Consequences::none()).await;
    assert!(is_linked(&linking.expect("asked")));
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
    let account = super::samples::created(registered);
    let (google, github) = (method(&samples, Provider::Google, "1"), method(&samples, Provider::Github, "1"));
    assert!(is_linked(&linked(stores, account.id, &google).await));
    assert!(stores.sessions.open(&samples.session(account.id), Consequences::none()).await.expect("opened"));
    let digest = held(stores, &samples, account.id, true, &github).await;
    let linking =
        stores.login_methods.link(account.id, &github, Some(&digest), &consequences(&samples)).await;
    let unchanged = Linking::Linked { account: Box::new(account.clone()), ended: Vec::new() };
    assert_eq!(linking.expect("asked"), unchanged);
    let ways = ways_in(stores, account.id).await;
    assert_eq!((ways.password, ways.identities.len(), noted(stores).await), (true, 2, 1));
    assert_eq!(stores.sessions.ended_since(samples.at(-60)).await.expect("read"), []);
}

/// It may have been made by anybody who knew the address.
pub async fn a_link_to_an_unconfirmed_account_leaves_nothing_of_whoever_made_it(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let (google, github) = (method(&samples, Provider::Google, "1"), method(&samples, Provider::Github, "1"));
    assert!(is_linked(&linked(stores, account.id, &google).await));
    let session = samples.session(account.id);
    assert!(stores.sessions.open(&session, Consequences::none()).await.expect("opened"));
    let otp = NewOtpMethod {
        id: OtpMethodId::new(samples.clock(), samples.randomness()),
        user: account.id,
        secret: OtpSecret::new(samples.randomness()),
        at: samples.now(),
    };
    assert!(stores.mfa.begin_otp(&otp, Consequences::none()).await.expect("asked"));
    let other_link = held(stores, &samples, account.id, true, &google).await;
    let digest = held(stores, &samples, account.id, true, &github).await;
    let method = NewLoginMethod { at: samples.at(1), ..github.clone() };
    let linking = stores.login_methods.link(account.id, &method, Some(&digest), Consequences::none()).await;
    let Linking::Linked { account: after, ended } = linking.expect("asked") else {
        unreachable!("not linked")
    };
    assert_eq!(ended, [session.id]);
    assert_eq!(*after, Account { confirmed_at: Some(samples.at(1)), ..account.clone() });
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
    let linking =
        stores.login_methods.link(account.id, &github, Some(&digest), &consequences(&samples)).await;
    assert_eq!(linking.expect("asked"), Linking::Elsewhere);
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

/// A password is one, too.
pub async fn the_last_way_in_stays(stores: &Stores) {
    let samples = Samples::default();
    let (github, google) = (method(&samples, Provider::Github, "1"), method(&samples, Provider::Google, "1"));
    let account = made(stores, &samples, "somebody", &github).await;
    let other = samples.registered(stores, "other").await;
    let unlink = async |user, method| {
        let unlinked =
            stores.login_methods.unlink(user, method, samples.at(1), &consequences(&samples)).await;
        unlinked.expect("asked")
    };
    assert_eq!(unlink(account.id, github.id).await, Unlinking::LastWayIn);
    assert!(is_linked(&linked(stores, account.id, &google).await));
    for (user, method) in
        [(other.id, github.id), (account.id, samples.user_id().uuid().into()), (samples.user_id(), github.id)]
    {
        assert_eq!(unlink(user, method).await, Unlinking::Unknown);
    }
    assert_eq!(noted(stores).await, 0);
    assert_eq!(unlink(account.id, github.id).await, Unlinking::Removed);
    assert_eq!(unlink(account.id, github.id).await, Unlinking::Unknown);
    assert_eq!(unlink(account.id, google.id).await, Unlinking::LastWayIn);
    assert_eq!((recognised(stores, &samples, &github).await, noted(stores).await), (None, 1));

    assert!(is_linked(&linked(stores, other.id, &github).await), "it is free again");
    let found = ways_in(stores, other.id).await;
    assert_eq!(unlink(other.id, found.identities[0].id).await, Unlinking::Removed, "there is the password");
}

/// The others are told that it has one.
pub async fn of_many_who_come_with_one_identity_one_gets_an_account(stores: &Stores) {
    let samples = Samples::default();
    let comers: Vec<_> = (0..CALLS)
        .map(|call| (method(&samples, Provider::Github, "1"), passwordless(&samples, &format!("name{call}"))))
        .collect();
    let outcomes = at_once(|call| {
        let (stores, (method, new)) = (stores.clone(), comers[call].clone());
        async move {
            stores.login_methods.register_by(&method, &new, None, Consequences::none()).await.expect("asked")
        }
    });
    let outcomes = outcomes.await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, SocialRegistration::Created(_))).count();
    let taken = outcomes.iter().filter(|outcome| **outcome == SocialRegistration::IdentityTaken).count();
    assert_eq!((made, taken), (1, CALLS - 1));
    for ((_, new), outcome) in comers.iter().zip(&outcomes) {
        let found = stores.accounts.by_id(new.id).await.expect("read").is_some();
        assert_eq!(found, *outcome != SocialRegistration::IdentityTaken);
    }
}

/// The others are told that it is elsewhere.
pub async fn of_many_accounts_that_want_one_identity_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let mut wanting = Vec::new();
    for call in 0..CALLS {
        let account = samples.registered(stores, &format!("name{call}")).await;
        wanting.push((account.id, method(&samples, Provider::Github, "1")));
    }
    let outcomes = at_once(|call| {
        let (stores, (user, method)) = (stores.clone(), wanting[call].clone());
        async move { linked(&stores, user, &method).await }
    });
    let outcomes = outcomes.await;
    let elsewhere = outcomes.iter().filter(|outcome| **outcome == Linking::Elsewhere).count();
    assert_eq!((outcomes.iter().filter(|outcome| is_linked(outcome)).count(), elsewhere), (1, CALLS - 1));
    let winner = outcomes.iter().position(is_linked).expect("somebody");
    assert_eq!(recognised(stores, &samples, &wanting[winner].1).await, Some(wanting[winner].0));
}

/// The others have nothing.
pub async fn of_many_who_use_one_link_one_gets_in(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let github = method(&samples, Provider::Github, "1");
    let digest = held(stores, &samples, account.id, true, &github).await;
    let outcomes = at_once(|_| {
        let (stores, method, user) = (stores.clone(), github.clone(), account.id);
        async move {
            stores
                .login_methods
                .link(user, &method, Some(&digest), Consequences::none())
                .await
                .expect("asked")
        }
    });
    let outcomes = outcomes.await;
    let refused = outcomes.iter().filter(|outcome| **outcome == Linking::LinkNotGood).count();
    assert_eq!((outcomes.iter().filter(|outcome| is_linked(outcome)).count(), refused), (1, CALLS - 1));
    assert_eq!(ways_in(stores, account.id).await.identities.len(), 1);
}

/// Nobody else gets anything by it.
pub async fn of_many_who_use_one_link_to_a_new_account_one_makes_it(stores: &Stores) {
    let samples = Samples::default();
    let facebook = method(&samples, Provider::Facebook, "1");
    let new = passwordless(&samples, "somebody");
    let digest = held(stores, &samples, new.id, false, &facebook).await;
    let outcomes = at_once(|_| {
        let (stores, method, new) = (stores.clone(), facebook.clone(), new.clone());
        async move {
            stores
                .login_methods
                .register_by(&method, &new, Some(&digest), Consequences::none())
                .await
                .expect("asked")
        }
    });
    let outcomes = outcomes.await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, SocialRegistration::Created(_))).count();
    assert_eq!(made, 1, "{outcomes:?}");
    assert_eq!(recognised(stores, &samples, &facebook).await, Some(new.id));
}

/// A proof is taken once for each sign-in that was begun.
pub async fn of_many_who_spend_one_state_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let secret = NewSecret {
        digest: samples.digest(),
        purpose: Purpose::SocialState,
        user: None,
        payload: Some(Secret::new("github")),
        attempts: 1,
        created_at: samples.now(),
        expires_at: samples.at(60),
    };
    assert!(stores.secrets.issue(&secret, 1, Consequences::none()).await.expect("asked"));
    let (digest, now) = (secret.digest, samples.now());
    let spent = at_once(|_| {
        let stores = stores.clone();
        async move {
            let spent = stores.secrets.spend(&digest, Purpose::SocialState, now, Consequences::none()).await;
            spent.expect("asked").and_then(|held| held.payload)
        }
    });
    let spent: Vec<_> = spent.await.into_iter().flatten().collect();
    assert_eq!(spent, [Secret::new("github")]);
}

/// Whichever of them came last.
pub async fn of_the_last_ways_in_that_are_taken_away_at_once_one_stays(stores: &Stores) {
    let samples = Samples::default();
    for round in 0..4 {
        let first = method(&samples, Provider::Github, &format!("{round}"));
        let account = made(stores, &samples, &format!("name{round}"), &first).await;
        let mut methods = vec![first.id];
        for number in 1..CALLS {
            let method = method(&samples, Provider::Google, &format!("{round} {number}"));
            assert!(is_linked(&linked(stores, account.id, &method).await));
            methods.push(method.id);
        }
        let at = samples.at(1);
        let outcomes = at_once(|call| {
            let (stores, user, method) = (stores.clone(), account.id, methods[call]);
            async move {
                stores.login_methods.unlink(user, method, at, Consequences::none()).await.expect("asked")
            }
        });
        let outcomes = outcomes.await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Unlinking::LastWayIn).count(), 1);
        assert_eq!(ways_in(stores, account.id).await.identities.len(), 1);
    }
}
