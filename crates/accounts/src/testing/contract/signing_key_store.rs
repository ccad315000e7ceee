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
            ]
        );
    };
}

fn key(samples: &Samples, number: usize) -> StoredSigningKey {
    StoredSigningKey {
        id: format!("key-{number}"),
        private: Sealed((0..=u8::MAX).collect()),
        created_at: samples.now(),
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
