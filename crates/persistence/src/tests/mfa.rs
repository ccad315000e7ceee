use super::TestDatabase;
use super::skills::account;
use crate::Stores;
use square_accounts::ports::{
    AccountStore, Caller, Consequences, MfaAttemptId, MfaStore, NewOtpMethod, NewRecoveryCode, OtpMethodId,
    OtpProof, Registration, SessionRecord, SessionStore,
};
use square_accounts::{OtpSecret, RecoveryCode, RecoveryCodeId};
use square_kernel::testing::PlainHash;
use square_kernel::{Clock, OsRandomness, SessionId, SystemClock, UserId};

/// Whoever calls in a new session of an account that has not changed yet.
pub(super) async fn signed_in(stores: &Stores, user: UserId) -> Caller {
    let now = SystemClock.now();
    let session = SessionRecord {
        id: SessionId::new(&SystemClock, &OsRandomness),
        user,
        generation: 0,
        rotated_at: now,
        created_at: now,
        expires_at: jiff::Timestamp::MAX,
        ends_at: None,
        ended_at: None,
        second_factor: false,
        address: None,
        agent: None,
    };
    assert!(stores.open(&session, 0, Consequences::none()).await.unwrap());
    Caller { user, session: session.id, rights: 0 }
}

/// Somebody whose app is verified, with what they know.
pub(super) async fn verified(stores: &Stores) -> (UserId, OtpSecret, Vec<RecoveryCode>) {
    let new = account("ada");
    let registered = stores.register(&new, None, &Consequences::default()).await.unwrap();
    assert!(matches!(registered, Registration::Created(_)));
    let (user, at) = (new.id, SystemClock.now());
    let method = NewOtpMethod {
        id: OtpMethodId::new(&SystemClock, &OsRandomness),
        user,
        secret: OtpSecret::new(&OsRandomness),
        at,
    };
    let by = signed_in(stores, user).await;
    assert_eq!(stores.begin_otp(&method, by, &Consequences::default()).await.unwrap(), Ok(true));
    let new_code = || {
        let code = RecoveryCode::new(&OsRandomness);
        let digest = code.digest(user, &PlainHash);
        NewRecoveryCode { id: RecoveryCodeId::new(&SystemClock, &OsRandomness), digest, code }
    };
    let codes: Vec<NewRecoveryCode> = (0..5).map(|_| new_code()).collect();
    let attempt = MfaAttemptId::new(&SystemClock, &OsRandomness);
    let proof = OtpProof { user, method: method.id, step: 1, attempt, at };
    assert_eq!(stores.verify_otp(&proof, by, &codes, &Consequences::default()).await.unwrap(), Ok(true));
    (user, method.secret, codes.into_iter().map(|new| new.code).collect())
}

/// Whether `file` and what SQLite keeps beside it hold `bytes` anywhere.
fn holds(test: &TestDatabase, bytes: &[u8]) -> bool {
    let path = test.path();
    let folder = path.parent().unwrap();
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn the_file_holds_neither_the_secret_of_an_app_nor_a_recovery_code() {
    let test = TestDatabase::sqlite().await;
    let (user, secret, given) = verified(&test.stores()).await;
    assert!(holds(&test, user.uuid().as_bytes()), "the file is searched at all");
    let uri = secret.uri("Square", "ada");
    let base32 = uri.expose().split_once("secret=").unwrap().1.split('&').next().unwrap().to_owned();
    assert_eq!(base32.len(), 32);
    assert!(!holds(&test, secret.expose()) && !holds(&test, base32.as_bytes()));
    for code in &given {
        let shown = code.expose();
        let bytes = u128::from_str_radix(shown, 16).unwrap().to_be_bytes();
        for clear in [shown.as_bytes(), shown.to_lowercase().as_bytes(), &bytes] {
            assert!(!holds(&test, clear));
        }
    }
}

#[tokio::test]
async fn what_was_sealed_for_another_account_is_not_read() {
    use crate::schema::mfa::otp_methods;
    use diesel::prelude::*;
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let (user, ..) = verified(&stores).await;
    let other = account("other");
    stores.register(&other, None, &Consequences::default()).await.unwrap();
    let stranger = crate::columns::Key(other.id.uuid());
    let moved = test.database.write(move |connection| {
        diesel::update(otp_methods::table).set(otp_methods::user_id.eq(stranger)).execute(connection)
    });
    assert_eq!(moved.await.unwrap(), 1);
    assert!(stores.otp_method(other.id).await.is_err());
    assert_eq!(stores.otp_method(user).await.unwrap(), None);
}
