//! Whose an identity is, and what is known of it.

use super::super::samples::email;
use super::super::{Samples, Stores};
use super::{
    consequences, is_linked, linked, linked_by, made, method, noted, passwordless, recognised, ways_in,
};
use crate::ports::identity::{Grant, ShownText};
use crate::ports::{
    Consequences, CredentialChange, Linking, LoginMethodId, NewAccount, NewLoginMethod, SocialRegistration,
    Unlinking, WaysIn,
};
use crate::social::Provider;
use square_kernel::Secret;

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
        let by = samples.caller(stores, user).await;
        linked_by(stores, by, method, &consequences(&samples)).await
    };
    assert_eq!(
        link(one.id, &github).await,
        Linking::Linked { account: Box::new(one.clone()), ended: Vec::new() }
    );
    let again = NewLoginMethod { id: LoginMethodId::from(samples.user_id().uuid()), ..github.clone() };
    assert_eq!(link(other.id, &again).await, Linking::Elsewhere);
    assert_eq!(link(one.id, &again).await, Linking::Known(Box::new(one.clone())));
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
    assert_eq!(
        linked(stores, &samples, account.id, &github).await,
        Linking::Known(Box::new(account.clone()))
    );
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
        assert!(is_linked(&linked(stores, &samples, account.id, &method).await));
        wanted.push((method.id, provider));
    }
    let ways = ways_in(stores, account.id).await;
    let found: Vec<_> = ways.identities.iter().map(|linked| (linked.id, linked.provider)).collect();
    assert_eq!((ways.password, found), (true, wanted));
}

/// A password is one, too.
pub async fn the_last_way_in_stays(stores: &Stores) {
    let samples = Samples::default();
    let (github, google) = (method(&samples, Provider::Github, "1"), method(&samples, Provider::Google, "1"));
    let account = made(stores, &samples, "somebody", &github).await;
    let other = samples.registered(stores, "other").await;
    let unlink = async |user, method| {
        let by = samples.caller(stores, user).await;
        let unlinked = stores.login_methods.unlink(by, method, samples.at(1), &consequences(&samples)).await;
        samples.leave(stores, by).await;
        unlinked.expect("asked").expect("they are signed in")
    };
    assert_eq!(unlink(account.id, github.id).await, Unlinking::LastWayIn);
    assert!(is_linked(&linked(stores, &samples, account.id, &google).await));
    for (user, method) in [(other.id, github.id), (account.id, samples.user_id().uuid().into())] {
        assert_eq!(unlink(user, method).await, Unlinking::Unknown);
    }
    assert_eq!(noted(stores).await, 0);
    assert!(matches!(unlink(account.id, github.id).await, Unlinking::Removed(_)));
    assert_eq!(unlink(account.id, github.id).await, Unlinking::Unknown);
    assert_eq!(unlink(account.id, google.id).await, Unlinking::LastWayIn);
    assert_eq!((recognised(stores, &samples, &github).await, noted(stores).await), (None, 1));

    assert!(is_linked(&linked(stores, &samples, other.id, &github).await), "it is free again");
    let found = ways_in(stores, other.id).await;
    let last = unlink(other.id, found.identities[0].id).await;
    assert!(matches!(last, Unlinking::Removed(_)), "there is the password");
}

/// Somebody may have come by it. The one that it was done in goes on, and so do those of others.
pub async fn taking_a_way_in_away_ends_the_other_sessions(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let method = samples.linked(stores, user).await;
    let bystander = samples.caller(stores, samples.registered(stores, "bystander").await.id).await;
    let (by, other) = (samples.caller(stores, user).await, samples.caller(stores, user).await);
    let unlinked = stores.login_methods.unlink(by, method, samples.at(1), Consequences::none()).await;
    let change = CredentialChange { ended: vec![other.session], credentials: 1 };
    assert_eq!(unlinked.expect("asked"), Ok(Unlinking::Removed(change)));
    for (caller, ended) in [(by, None), (other, Some(samples.at(1))), (bystander, None)] {
        let session = stores.sessions.session(caller.session).await.expect("read").expect("there");
        assert_eq!(session.ended_at, ended);
    }
    assert_eq!(stores.accounts.by_id(user).await.expect("read").expect("there").credentials, 1);
}
