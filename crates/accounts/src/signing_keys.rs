use crate::ports::{SigningKeyStore, StoredSigningKey};
use square_kernel::Unavailable;

/// All signing keys, newest first; stores what `make` makes where there is none yet. Of several instances that
/// start at once each gets the same keys.
pub async fn ensure_signing_key(
    store: &dyn SigningKeyStore,
    make: impl FnOnce() -> StoredSigningKey,
) -> Result<Vec<StoredSigningKey>, Unavailable> {
    let keys = store.all().await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    store.add_first(&make()).await?;
    store.all().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryAccounts;
    use square_kernel::testing::ManualClock;
    use square_kernel::{Clock, Sealed};

    fn key(id: &str) -> StoredSigningKey {
        let created_at = ManualClock::default().now();
        StoredSigningKey { id: id.to_owned(), private: Sealed(vec![1]), created_at }
    }

    #[tokio::test]
    async fn the_first_start_makes_a_key_and_later_ones_load_it() {
        let store = MemoryAccounts::default();
        assert_eq!(ensure_signing_key(&store, || key("first")).await.unwrap(), [key("first")]);
        let loaded = ensure_signing_key(&store, || unreachable!("there is a key")).await.unwrap();
        assert_eq!(loaded, [key("first")]);
    }
}
