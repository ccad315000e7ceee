//! Another key takes over: what is sealed is sealed anew, and it can be told what hangs on which key.

use super::TestDatabase;
use super::letters::letter;
use super::login_methods::{held, method};
use super::mfa::{signed_in, verified};
use super::skills::account;
use crate::columns::Key;
use crate::resealing::{Resealed, SealedValues};
use crate::schema::accounts::{letters, sessions};
use crate::schema::changes::instances;
use crate::schema::mfa::recovery_codes;
use crate::{IssuedUnder, PasswordMark, ResealProgress, Stores};
use diesel::prelude::*;
use jiff::SignedDuration;
use square_accounts::ports::{
    AccountStore, Consequences, LetterQueue, LetterRequest, LetterRequestId, LetterRequests, LinkedBy,
    Linking, LoginMethodStore, MfaStore, NewAccount, RequestedLetter, SessionRecord, SessionStore,
    SigningKeyStore, StoredSigningKey,
};
use square_accounts::{Device, EmailAddress, PasswordHash, Provider, RecoveryCode};
use square_cluster::InstanceId;
use square_cluster::ports::InstanceStore;
use square_kernel::testing::{NamedHash, NamedSealer};
use square_kernel::{Clock, KeyId, KeyedHash, OsRandomness, SessionId, SkillId, SystemClock, UserId};
use square_skills::ports::SkillStore;
use square_skills::{BuiltinName, RegisteredSkill, SkillAddress, SkillDescription, SkillName};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

type Name = &'static [u8; 4];

const OLD: Name = b"old ";
const NEW: Name = b"new ";
const LOST: Name = b"lost";

const KINDS: [&str; 9] = [
    "letters",
    "one-time secrets",
    "recovery codes",
    "requests for letters",
    "secrets of authenticator apps",
    "secrets of skills",
    "signing keys",
    "signing keys of skills",
    "tokens of providers",
];

/// The stores as an instance sees them whose current key is `current`.
fn under(test: &TestDatabase, current: Name, previous: &[Name]) -> Stores {
    Stores::new(test.database.clone(), Arc::new(NamedSealer::new(current, previous)))
}

fn after() -> Arc<dyn KeyedHash> {
    Arc::new(NamedHash::new(NEW, &[OLD]))
}

async fn reseal(stores: &Stores) -> Resealed {
    stores.reseal(&after(), |_| ()).await.unwrap()
}

/// Somebody who has one of every kind, and what they know.
async fn furnish(stores: &Stores) -> (UserId, Vec<RecoveryCode>) {
    let (user, _, codes) = verified(stores).await;
    stores.record(&Consequences::posted(&letter())).await.unwrap();
    stores.ask(&request()).await.unwrap();
    held(stores, user, true, &method(Provider::Github, "Ada")).await;
    let by = LinkedBy::Owner(signed_in(stores, user).await);
    let linking =
        stores.link(user, &method(Provider::Google, "Ada"), by, Consequences::none()).await.unwrap();
    assert!(matches!(linking, Ok(Linking::Linked { .. })));
    let now = SystemClock.now();
    let key = StoredSigningKey {
        id: "key".to_owned(),
        private: stores.sealer.seal(StoredSigningKey::PURPOSE, b"private"),
        created_at: now,
        signs_from: now,
    };
    stores.add_first(&key).await.unwrap();
    SkillStore::insert(stores, &skill(stores, user), None, None).await.unwrap();
    (user, codes)
}

fn request() -> LetterRequest {
    LetterRequest {
        id: LetterRequestId::new(&SystemClock, &OsRandomness),
        letter: RequestedLetter::ALL[0],
        to: EmailAddress::parse("ada@example.org").unwrap(),
        device: Device::default(),
        at: SystemClock.now(),
    }
}

fn skill(stores: &Stores, owner: UserId) -> RegisteredSkill {
    let now = SystemClock.now();
    RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse("skill").unwrap(),
        description: SkillDescription::parse("what it does").unwrap(),
        address: SkillAddress::Builtin(BuiltinName::new("casting")),
        secret: Some(stores.sealer.seal(RegisteredSkill::SECRET_PURPOSE, b"bearer")),
        signing: Some(stores.sealer.seal(RegisteredSkill::SIGNING_PURPOSE, b"key")),
        model: None,
        published: true,
        samples: Arc::default(),
        created_at: now,
        updated_at: now,
    }
}

/// Values by kind, and the keys that they are under.
fn told(values: &[SealedValues]) -> (BTreeMap<&'static str, u64>, BTreeSet<KeyId>) {
    let kinds = values.iter().map(|counted| (counted.what, counted.values)).collect();
    (kinds, values.iter().filter_map(|counted| counted.key).collect())
}

#[tokio::test]
async fn everything_sealed_opens_under_the_new_key_alone_once_it_is_sealed_anew() {
    let test = TestDatabase::new().await;
    let (user, codes) = furnish(&under(&test, OLD, &[])).await;
    let both = under(&test, NEW, &[OLD]);
    let (kinds, keys) = told(&both.sealed_values().await.unwrap());
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), KINDS);
    assert_eq!(keys, BTreeSet::from([KeyId(*OLD)]));

    let resealed = reseal(&both).await;
    assert_eq!(resealed, Resealed { renewed: kinds.values().sum(), unreadable: BTreeMap::new() });
    let alone = under(&test, NEW, &[]);
    let (after_kinds, keys) = told(&alone.sealed_values().await.unwrap());
    assert_eq!((after_kinds, keys), (kinds, BTreeSet::from([KeyId(*NEW)])));
    assert_eq!(reseal(&both).await, Resealed::default(), "there is nothing more to do");

    assert_eq!(alone.recovery_codes(user).await.unwrap(), codes);
    assert!(alone.otp_method(user).await.unwrap().is_some());
    assert_eq!(alone.ways_in(user).await.unwrap().unwrap().identities.len(), 1);
    let now = SystemClock.now() + SignedDuration::from_mins(1);
    assert!(alone.claim(now, now).await.unwrap().is_some());
    assert!(alone.take_request(now, now).await.unwrap().is_some());
    let key = SigningKeyStore::all(&alone).await.unwrap().remove(0);
    assert_eq!(*alone.sealer.open(StoredSigningKey::PURPOSE, &key.private).unwrap(), b"private");
    let skill = SkillStore::all(&alone).await.unwrap().remove(0);
    let secret = skill.secret.unwrap();
    assert_eq!(*alone.sealer.open(RegisteredSkill::SECRET_PURPOSE, &secret).unwrap(), b"bearer");
    let signing = skill.signing.unwrap();
    assert_eq!(*alone.sealer.open(RegisteredSkill::SIGNING_PURPOSE, &signing).unwrap(), b"key");
}

#[tokio::test]
async fn recovery_codes_are_looked_up_by_the_new_key() {
    let test = TestDatabase::new().await;
    let (user, codes) = furnish(&under(&test, OLD, &[])).await;
    reseal(&under(&test, NEW, &[OLD])).await;
    let alone = NamedHash::new(NEW, &[]);
    let expected: Vec<_> = codes.iter().map(|code| code.digest(user, &alone).0.to_vec()).collect();
    let digests = recovery_codes::table.order(recovery_codes::number).select(recovery_codes::digest);
    let stored = test.database.read(move |connection| digests.load::<Vec<u8>>(connection)).await.unwrap();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn what_does_not_open_is_told_of_and_left() {
    let test = TestDatabase::new().await;
    under(&test, LOST, &[]).record(&Consequences::posted(&letter())).await.unwrap();
    under(&test, OLD, &[]).record(&Consequences::posted(&letter())).await.unwrap();
    let resealed = reseal(&under(&test, NEW, &[OLD])).await;
    assert_eq!(resealed, Resealed { renewed: 1, unreadable: BTreeMap::from([("letters", 1)]) });
    let (_, keys) = told(&under(&test, NEW, &[]).sealed_values().await.unwrap());
    assert_eq!(keys, BTreeSet::from([KeyId(*NEW), KeyId(*LOST)]));
    let resealed = reseal(&under(&test, NEW, &[LOST])).await;
    assert_eq!(resealed, Resealed { renewed: 1, unreadable: BTreeMap::new() }, "nothing was lost");
}

#[tokio::test]
async fn many_are_sealed_in_batches_and_progress_comes_to_the_end() {
    let test = TestDatabase::new().await;
    let letters = Consequences { letters: (0..450).map(|_| letter()).collect(), ..Consequences::default() };
    under(&test, OLD, &[]).record(&letters).await.unwrap();
    let told = Mutex::new(Vec::new());
    let tell = |progress: ResealProgress| told.lock().unwrap().push(progress);
    let resealed = under(&test, NEW, &[OLD]).reseal(&after(), tell).await.unwrap();
    assert_eq!(resealed.renewed, 450);
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted_by_key(|progress| progress.done));
    assert!(told.iter().any(|progress| progress.what == "letters" && progress.done == 200), "{told:?}");
    let last = told.last().unwrap();
    assert_eq!((last.done, last.total), (450, 450));
}

#[tokio::test]
async fn what_others_have_written_meanwhile_is_not_overwritten() {
    let test = TestDatabase::new().await;
    let owner = account("owner");
    let (old, both) = (under(&test, OLD, &[]), under(&test, NEW, &[OLD]));
    old.register(&owner, None, Consequences::none()).await.unwrap();
    let skill = skill(&old, owner.id);
    SkillStore::insert(&old, &skill, None, None).await.unwrap();
    // Read before it was sealed anew, stored after: the older form does not come back.
    reseal(&both).await;
    let seen = skill.updated_at;
    let edited = RegisteredSkill { updated_at: seen + SignedDuration::from_secs(1), ..skill };
    SkillStore::update(&both, &edited, seen, None).await.unwrap();
    let stored = SkillStore::all(&both).await.unwrap().remove(0);
    for sealed in [stored.secret, stored.signing] {
        assert_eq!(both.sealer.key_of(&sealed.unwrap()), Some(KeyId(*NEW)));
    }
}

#[tokio::test]
async fn letters_that_have_left_hold_nothing_to_seal() {
    let test = TestDatabase::new().await;
    let (stores, letter) = (under(&test, OLD, &[]), letter());
    stores.record(&Consequences::posted(&letter)).await.unwrap();
    stores.sent(letter.id, letter.at).await.unwrap();
    assert_eq!(stores.sealed_values().await.unwrap(), []);
    assert_eq!(reseal(&under(&test, NEW, &[OLD])).await, Resealed::default());
    let left = test.database.read(|connection| letters::table.count().get_result::<i64>(connection));
    assert_eq!(left.await.unwrap(), 1);
}

#[tokio::test]
async fn a_request_for_a_letter_waits_a_day_for_whoever_knows_its_key() {
    let test = TestDatabase::new().await;
    let (old, new) = (under(&test, OLD, &[]), under(&test, NEW, &[]));
    let asked = request();
    old.ask(&asked).await.unwrap();
    let at = |hours| asked.at + SignedDuration::from_hours(hours);
    assert!(new.take_request(at(0), at(1)).await.unwrap().is_none());
    assert!(old.take_request(at(1), at(2)).await.unwrap().is_some(), "it was not dropped");
    assert!(new.take_request(at(23), at(24)).await.unwrap().is_none());
    assert!(new.take_request(at(24), at(25)).await.unwrap().is_none());
    assert!(old.take_request(at(25), at(26)).await.unwrap().is_none(), "nobody came");
}

#[tokio::test]
async fn sessions_count_for_the_key_of_their_latest_refresh_token() {
    let test = TestDatabase::new().await;
    let owner = account("owner");
    let (old, new) = (under(&test, OLD, &[]), under(&test, NEW, &[OLD]));
    old.register(&owner, None, Consequences::none()).await.unwrap();
    let now = owner.created_at;
    let session = |hours| SessionRecord {
        id: SessionId::new(&SystemClock, &OsRandomness),
        user: owner.id,
        generation: 0,
        rotated_at: now,
        created_at: now,
        expires_at: now + SignedDuration::from_hours(hours),
        ends_at: None,
        ended_at: None,
        second_factor: false,
        address: None,
        agent: None,
    };
    let (one, other, over, ended) = (session(1), session(2), session(0), session(3));
    for session in [&one, &other, &over, &ended] {
        assert!(old.open(session, 0, Consequences::none()).await.unwrap());
    }
    assert!(old.end(ended.id, now, Consequences::none()).await.unwrap());
    let issued = |key: Name, sessions, until: &SessionRecord| IssuedUnder {
        key: Some(KeyId(*key).to_string()),
        sessions,
        until: until.expires_at,
    };
    assert_eq!(new.sessions_by_key(now).await.unwrap(), [issued(OLD, 2, &other)]);
    new.rotate(other.id, 0, now, other.expires_at).await.unwrap();
    // In the order of the keys' names.
    assert_eq!(new.sessions_by_key(now).await.unwrap(), [issued(NEW, 1, &other), issued(OLD, 1, &one)]);
    let forget = test.database.write(|connection| {
        diesel::update(sessions::table).set(sessions::under_key.eq(None::<String>)).execute(connection)
    });
    forget.await.unwrap();
    let before = IssuedUnder { key: None, sessions: 2, until: other.expires_at };
    assert_eq!(new.sessions_by_key(now).await.unwrap(), [before], "as earlier versions wrote them");
}

#[tokio::test]
async fn password_hashes_are_counted_by_how_they_begin() {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    for (name, hash) in
        [("ann", "2aaaaaaaa$2b$1"), ("bob", "2aaaaaaaa$2b$2"), ("cid", "1$2b$12$abc"), ("dan", "")]
    {
        let new = NewAccount { password: PasswordHash::new(hash), ..account(name) };
        stores.register(&new, None, Consequences::none()).await.unwrap();
    }
    let mark = |beginning: &str, accounts| PasswordMark { beginning: beginning.to_owned(), accounts };
    assert_eq!(stores.password_marks().await.unwrap(), [mark("1$2b$12$a", 1), mark("2aaaaaaaa", 2)]);
}

#[tokio::test(start_paused = true)]
async fn instances_that_live_and_run_with_another_key_are_counted() {
    let test = TestDatabase::new().await;
    let (old, new) = (under(&test, OLD, &[]), under(&test, NEW, &[OLD]));
    assert_eq!(new.instances_under_other_keys().await.unwrap(), 0);
    let instance = || InstanceId::new(&SystemClock, &OsRandomness);
    let (dead, same, alive) = (instance(), instance(), instance());
    old.beat(dead).await.unwrap();
    new.beat(same).await.unwrap();
    old.beat(alive).await.unwrap();
    let counting = new.instances_under_other_keys();
    let living = async {
        // While they are watched.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        old.beat(alive).await.unwrap();
        new.beat(same).await.unwrap();
    };
    assert_eq!(tokio::join!(counting, living).0.unwrap(), 1);
    // An earlier version does not say what its key is.
    let forget = test.database.write(move |connection| {
        let of_same = instances::table.find(Key(same.uuid()));
        diesel::update(of_same).set(instances::under_key.eq(None::<String>)).execute(connection)
    });
    forget.await.unwrap();
    let counting = new.instances_under_other_keys();
    let living = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        new.beat(same).await.unwrap();
    };
    assert_eq!(tokio::join!(counting, living).0.unwrap(), 1);
}
