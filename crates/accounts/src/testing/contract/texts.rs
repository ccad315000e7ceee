//! Rules of all storing ports on texts and moments that databases like to treat in ways of their own.

use super::samples::{created, email};
use super::{Samples, Stores};
use crate::names::{EmailAddress, PersonName};
use crate::password::PasswordHash;
use crate::ports::{Consequences, LoginName, Registration, Rotation, SessionRecord};
use jiff::SignedDuration;

/// Makes a test of every rule on texts and moments; see [`crate::testing::contract`].
#[macro_export]
macro_rules! texts_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            texts,
            $make,
            [
                letters_of_every_script_come_back_as_they_were,
                names_that_differ_in_one_letter_are_different_names,
                a_login_name_is_compared_letter_by_letter,
                a_role_is_compared_letter_by_letter,
                a_hash_is_compared_letter_by_letter,
                moments_keep_their_microseconds,
            ]
        );
    };
}

/// Of up to four bytes, accents of their own, and blanks within.
pub async fn letters_of_every_script_come_back_as_they_were(stores: &Stores) {
    let samples = Samples::default();
    let names = ["𐐀𐐁𐐂", "Łukasz", "北京大学", "ΌΔΥΣΣΕΎΣ", "ﬁnnegan", "ab_c-d.e"];
    for (number, name) in (0..).zip(names) {
        let mut new = samples.account(name);
        new.email = Some(email(&format!("number{number}")));
        let person = |text: &str| PersonName::parse("first_name", text).expect("a good name");
        (new.first_name, new.last_name) = (person("Zoe\u{308} 👩‍🚀"), person("d’Ärc  🏴󠁧󠁢󠁥󠁮󠁧󠁿 %_\\'\""));
        let account =
            created(stores.accounts.register(&new, None, Consequences::none()).await.expect("registered"));
        assert_eq!((&account.username, &account.first_name), (&new.username, &new.first_name));
        assert_eq!(account.last_name, new.last_name);
        let login = LoginName::Username(new.username.key());
        let found = stores.accounts.credentials(&login).await.expect("read");
        assert_eq!(found, Some((account.clone(), new.password)));
        let agent = Some("Browser/1.0 (🦀; \t\"q\") ".to_owned());
        let session = SessionRecord { agent, ..samples.session(account.id) };
        assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
        let read_back = stores.sessions.rotate(session.id, 7, samples.now(), samples.now()).await;
        assert_eq!(read_back.expect("asked"), Rotation::Stale(session));
    }
}

/// An accent, a ligature, a placeholder of patterns: each makes another name, and another address.
pub async fn names_that_differ_in_one_letter_are_different_names(stores: &Stores) {
    let samples = Samples::default();
    for name in ["jose", "josé", "josè", "jösé", "j_se", "straße", "strasse", "straẞen"] {
        let registered = stores.accounts.register(&samples.account(name), None, Consequences::none()).await;
        assert!(matches!(registered, Ok(Registration::Created(_))), "{name}: {registered:?}");
    }
    for name in ["jos", "j%", "jos_", "JOSÉ"] {
        let login = LoginName::Username(name.to_owned());
        assert_eq!(stores.accounts.credentials(&login).await.expect("read"), None, "{name}");
    }
    let address = EmailAddress::parse("j_se@example.org").expect("a good address");
    let account = stores.accounts.by_email(&address).await.expect("read").expect("there");
    assert_eq!(account.username.as_str(), "j_se");
}

/// Blanks at its end and the case of its key count.
pub async fn a_login_name_is_compared_letter_by_letter(stores: &Stores) {
    let samples = Samples::default();
    samples.registered(stores, "somebody").await;
    for name in ["somebody ", " somebody", "Somebody", "somebody\t", "somebody\u{a0}", ""] {
        let login = LoginName::Username(name.to_owned());
        assert_eq!(stores.accounts.credentials(&login).await.expect("read"), None, "{name:?}");
    }
}

/// One that is written otherwise does not exist.
pub async fn a_role_is_compared_letter_by_letter(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await;
    for role in ["casting_assistant ", "Casting_Assistant", "casting-assistant", "casting_assistánt"] {
        let granted = stores
            .accounts
            .grant_role(user.id, role, samples.now(), Consequences::none())
            .await
            .expect("asked");
        assert!(!granted, "{role:?}");
        assert!(stores.accounts.permissions_of(role).await.expect("read").is_empty(), "{role:?}");
    }
    assert_eq!(stores.accounts.by_id(user.id).await.expect("read"), Some(user));
}

/// A hash is not upgraded in the place of one that is written otherwise.
pub async fn a_hash_is_compared_letter_by_letter(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let new = PasswordHash::new("new");
    for old in ["Hash of somebody", "hash of somebody ", "hash of sömebody"] {
        let upgraded = stores.accounts.upgrade_hash(user, &PasswordHash::new(old), &new).await;
        assert!(!upgraded.expect("asked"), "{old:?}");
    }
}

/// Also where they decide.
pub async fn moments_keep_their_microseconds(stores: &Stores) {
    let samples = Samples::default();
    let moment = SignedDuration::from_micros(1);
    let at = samples.at(10) + SignedDuration::from_micros(123_456);
    let user = samples.registered(stores, "somebody").await.id;
    let session = SessionRecord { expires_at: at, ..samples.session(user) };
    assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
    let rotate = |now| stores.sessions.rotate(session.id, 0, now, at);
    assert_eq!(rotate(at).await.expect("asked"), Rotation::Stale(session.clone()));
    let rotated = rotate(at - moment).await.expect("asked");
    assert!(matches!(rotated, Rotation::Rotated(record) if record.rotated_at == at - moment));
    assert!(stores.sessions.end(session.id, at, Consequences::none()).await.expect("asked"));
    assert_eq!(stores.sessions.ended_since(at).await.expect("read"), [(session.id, at)]);
    assert_eq!(stores.sessions.ended_since(at + moment).await.expect("read"), []);
}
