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
