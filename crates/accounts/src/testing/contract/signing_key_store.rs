//! Rules of [`crate::ports::SigningKeyStore`].

use super::{Samples, Stores, at_once};
use crate::ports::StoredSigningKey;
use square_kernel::Sealed;

/// Makes a test of every rule on signing keys; see [`crate::testing::contract`].
#[macro_export]
macro_rules! signing_key_store_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            signing_key_store,
            $make,
            [
                there_is_no_key_at_first,
                the_first_key_reads_back,
                a_second_first_key_is_not_stored,
                one_of_many_first_keys_is_stored,
                the_next_key_comes_first_though_of_the_same_moment,
                a_key_comes_only_after_the_newest,
                one_of_many_next_keys_is_stored,
                a_key_takes_the_place_of_all_others_at_once,
                of_many_that_take_all_places_or_come_next_one_is_stored,
                retired_keys_are_gone_and_the_newest_stays,
            ]
        );
    };
}

fn key(samples: &Samples, number: usize) -> StoredSigningKey {
    StoredSigningKey {
        id: format!("key-{number}"),
        private: Sealed((0..=u8::MAX).collect()),
        created_at: samples.now(),
        signs_from: samples.at(60),
    }
}

/// A new database has none.
pub async fn there_is_no_key_at_first(stores: &Stores) {
    assert_eq!(stores.signing_keys.all().await.expect("read"), []);
}

/// What was stored is what is loaded, byte for byte.
pub async fn the_first_key_reads_back(stores: &Stores) {
    let key = key(&Samples::default(), 0);
    stores.signing_keys.add_first(&key).await.expect("stored");
    assert_eq!(stores.signing_keys.all().await.expect("read"), [key]);
}

/// Coming second is no error and stores nothing.
pub async fn a_second_first_key_is_not_stored(stores: &Stores) {
    let samples = Samples::default();
    for number in 0..2 {
        stores.signing_keys.add_first(&key(&samples, number)).await.expect("asked");
    }
    assert_eq!(stores.signing_keys.all().await.expect("read"), [key(&samples, 0)]);
}

/// Instances that start at once agree on one key.
pub async fn one_of_many_first_keys_is_stored(stores: &Stores) {
    let samples = Samples::default();
    let keys = at_once(|number| {
        let (stores, key) = (stores.clone(), key(&samples, number));
        async move {
            stores.signing_keys.add_first(&key).await.expect("asked");
            stores.signing_keys.all().await.expect("read")
        }
    });
    let keys = keys.await;
    assert_eq!(keys[0].len(), 1);
    assert!(keys.iter().all(|seen| *seen == keys[0]));
}

async fn stored(stores: &Stores, keys: &[StoredSigningKey]) {
    stores.signing_keys.add_first(&keys[0]).await.expect("stored");
    for pair in keys.windows(2) {
        assert!(stores.signing_keys.add_next(&pair[1], &pair[0].id).await.expect("stored"));
    }
}

fn keys(number: usize) -> Vec<StoredSigningKey> {
    let samples = Samples::default();
    (0..number).map(|number| key(&samples, number)).collect()
}

async fn ids(stores: &Stores) -> Vec<String> {
    stores.signing_keys.all().await.expect("read").into_iter().map(|key| key.id).collect()
}

/// The order is that of adding.
pub async fn the_next_key_comes_first_though_of_the_same_moment(stores: &Stores) {
    let mut keys = keys(3);
    stored(stores, &keys).await;
    keys.reverse();
    assert_eq!(stores.signing_keys.all().await.expect("read"), keys);
}

/// Whoever looked before another one was added has to look again.
pub async fn a_key_comes_only_after_the_newest(stores: &Stores) {
    let keys = keys(3);
    assert!(!stores.signing_keys.add_next(&keys[1], "key-0").await.expect("asked"), "there is none");
    stored(stores, &keys[..2]).await;
    for other in ["key-0", "key-9", ""] {
        assert!(!stores.signing_keys.add_next(&keys[2], other).await.expect("asked"), "{other}");
    }
    assert_eq!(ids(stores).await, ["key-1", "key-0"]);
}

/// Instances that rotate at once make one key.
pub async fn one_of_many_next_keys_is_stored(stores: &Stores) {
    let samples = Samples::default();
    stored(stores, &[key(&samples, 99)]).await;
    let added = at_once(|number| {
        let (stores, key) = (stores.clone(), key(&samples, number));
        async move { stores.signing_keys.add_next(&key, "key-99").await.expect("asked") }
    });
    let added = added.await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let winner = added.iter().position(|added| *added).expect("one of them");
    assert_eq!(ids(stores).await, [format!("key-{winner}"), "key-99".to_owned()]);
}

/// Where the newest is the one that was looked at.
pub async fn a_key_takes_the_place_of_all_others_at_once(stores: &Stores) {
    let keys = keys(4);
    assert_eq!(
        stores.signing_keys.replace_all(&keys[1], "key-0").await.expect("asked"),
        None,
        "there is none"
    );
    stored(stores, &keys[..3]).await;
    assert_eq!(stores.signing_keys.replace_all(&keys[3], "key-1").await.expect("asked"), None);
    assert_eq!(ids(stores).await, ["key-2", "key-1", "key-0"]);
    assert_eq!(stores.signing_keys.replace_all(&keys[3], "key-2").await.expect("asked"), Some(3));
    assert_eq!(stores.signing_keys.all().await.expect("read"), keys[3..]);
    assert!(stores.signing_keys.add_next(&keys[0], "key-3").await.expect("asked"));
    assert_eq!(ids(stores).await, ["key-0", "key-3"]);
}

/// Whoever looks meanwhile sees all of the old ones, or the new one.
pub async fn of_many_that_take_all_places_or_come_next_one_is_stored(stores: &Stores) {
    let samples = Samples::default();
    stored(stores, &[key(&samples, 98), key(&samples, 99)]).await;
    let made = at_once(|number| {
        let (stores, key) = (stores.clone(), key(&samples, number));
        async move {
            let keys = &stores.signing_keys;
            let won = if number % 2 == 0 {
                keys.replace_all(&key, "key-99").await.expect("asked").is_some()
            } else {
                keys.add_next(&key, "key-99").await.expect("asked")
            };
            (won, keys.all().await.expect("read").len())
        }
    });
    let made = made.await;
    assert_eq!(made.iter().filter(|(won, _)| *won).count(), 1);
    let winner = made.iter().position(|(won, _)| *won).expect("one of them");
    let left = ids(stores).await;
    assert_eq!(left[0], format!("key-{winner}"));
    assert_eq!(left.len(), if winner % 2 == 0 { 1 } else { 3 });
    assert!(made.iter().all(|(_, seen)| [2, left.len()].contains(seen)), "{made:?}");
}

/// Somebody has to sign, whatever is asked for.
pub async fn retired_keys_are_gone_and_the_newest_stays(stores: &Stores) {
    let keys = keys(4);
    stored(stores, &keys).await;
    let retire = async |which: &[usize]| {
        let ids: Vec<_> = which.iter().map(|number| format!("key-{number}")).collect();
        stores.signing_keys.retire(&ids, keys[0].created_at).await.expect("asked")
    };
    assert_eq!(retire(&[]).await, 0);
    assert_eq!(retire(&[1, 9]).await, 1);
    assert_eq!(ids(stores).await, ["key-3", "key-2", "key-0"]);
    assert_eq!(retire(&[1]).await, 0);
    assert_eq!(retire(&[0, 2, 3]).await, 2);
    assert_eq!(ids(stores).await, ["key-3"]);
}
