use super::TestDatabase;
use crate::Stores;
use crate::schema::accounts::letters;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use square_accounts::ports::{AccountStore, Consequences, LetterQueue, NewLetter};
use square_accounts::{EmailAddress, Letter, LetterId, MailToken, Occasion, Username};
use square_kernel::testing::{NamedSealer, TransparentSealer};
use square_kernel::{Clock, OsRandomness, Sealer, SystemClock, UserId};
use std::sync::Arc;

pub(super) fn letter() -> NewLetter {
    let user = UserId::new(&SystemClock, &OsRandomness);
    let token = MailToken::received("the-secret-of-the-link");
    NewLetter {
        id: LetterId::new(&SystemClock, &OsRandomness),
        letter: Letter {
            to: EmailAddress::parse("ada@example.org").unwrap(),
            username: Username::parse("ada").unwrap(),
            occasion: Occasion::ConfirmAddress { user, token },
        },
        at: SystemClock.now(),
    }
}

async fn content(test: &TestDatabase) -> Option<Vec<u8>> {
    let content = test.database.read(|connection| letters::table.select(letters::content).first(connection));
    content.await.unwrap()
}

fn later(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_mins(1)
}

#[tokio::test]
async fn the_content_is_sealed_until_it_is_erased() {
    let test = TestDatabase::new().await;
    let (stores, letter) = (test.stores(), letter());
    stores.record(&Consequences::posted(&letter)).await.unwrap();
    let sealed = content(&test).await.unwrap();
    assert!(sealed.starts_with(b"letter\0"), "sealed for letters");
    for plain in ["the-secret-of-the-link", "ada@example.org"] {
        assert!(!sealed.windows(plain.len()).any(|part| part == plain.as_bytes()), "{plain}");
    }
    let claimed = stores.claim(letter.at, later(letter.at)).await.unwrap().unwrap();
    let Occasion::ConfirmAddress { token, .. } = claimed.letter.occasion else { panic!("another occasion") };
    assert_eq!(token.expose(), "the-secret-of-the-link");

    stores.sent(claimed.id, later(letter.at)).await.unwrap();
    assert_eq!(content(&test).await, None);
}

fn under(test: &TestDatabase, sealer: NamedSealer) -> Stores {
    Stores::new(test.database.clone(), Arc::new(sealer))
}

async fn set_aside_at(test: &TestDatabase) -> Option<i64> {
    let aside = letters::table.select(letters::set_aside_at);
    test.database.read(move |connection| aside.first::<Option<i64>>(connection)).await.unwrap()
}

#[tokio::test]
async fn letters_that_nobody_can_read_are_set_aside_with_their_content() {
    let test = TestDatabase::new().await;
    let letter = letter();
    // What this one seals names the key of nobody.
    test.stores().record(&Consequences::posted(&letter)).await.unwrap();
    let stores = under(&test, NamedSealer::new(b"lett", &[]));
    assert!(stores.claim(letter.at, later(letter.at)).await.unwrap().is_none());
    assert_eq!(set_aside_at(&test).await, Some(letter.at.as_microsecond()));
    assert!(content(&test).await.is_some());
}

#[tokio::test]
async fn a_letter_waits_for_whoever_knows_its_key_but_not_for_ever() {
    let test = TestDatabase::new().await;
    let letter = letter();
    let (old, new) =
        (under(&test, NamedSealer::new(b"old ", &[])), under(&test, NamedSealer::new(b"new ", &[])));
    old.record(&Consequences::posted(&letter)).await.unwrap();
    let mut at = letter.at;
    assert!(new.claim(at, later(at)).await.unwrap().is_none());
    assert_eq!(set_aside_at(&test).await, None);
    at = later(at);
    let both = under(&test, NamedSealer::new(b"new ", &[b"old "]));
    assert!(both.claim(at, later(at)).await.unwrap().is_some(), "it was not lost");
    for _ in 0..60 {
        at = later(at);
        assert!(new.claim(at, later(at)).await.unwrap().is_none());
    }
    assert!(set_aside_at(&test).await.is_some());
    assert!(content(&test).await.is_some());
}

#[tokio::test]
async fn a_letter_that_was_stored_before_it_named_ways_to_sign_in_is_read() {
    let test = TestDatabase::new().await;
    let (stores, letter) = (test.stores(), letter());
    stores.record(&Consequences::posted(&letter)).await.unwrap();
    let old = br#"{"to":"ada@example.org","username":"ada","occasion":"password_changed"}"#;
    let old = TransparentSealer.seal("letter", old).0;
    let rewritten = test.database.write(move |connection| {
        diesel::update(letters::table).set(letters::content.eq(&old)).execute(connection)
    });
    assert_eq!(rewritten.await.unwrap(), 1);
    let claimed = stores.claim(letter.at, later(letter.at)).await.unwrap().unwrap();
    assert_eq!(claimed.letter.occasion, Occasion::PasswordChanged { ways: Vec::new() });
}
