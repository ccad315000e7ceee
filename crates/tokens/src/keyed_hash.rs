use crate::MasterKey;
use aws_lc_rs::hmac;
use square_kernel::KeyedHash;

/// HMAC-SHA-256 under a key of the installation.
pub struct HmacHash(hmac::Key);

impl HmacHash {
    /// Uses a key of its own, derived from `key`.
    pub fn new(key: &MasterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &*key.derive::<32>("keyed-hash")))
    }
}

impl KeyedHash for HmacHash {
    fn hash(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        // The length keeps purpose and message apart: no two pairs of them run together into the same bytes.
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(message);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::Secret;

    #[test]
    fn key_purpose_and_message_each_matter_and_do_not_run_together() {
        let hasher = |secret: &str| HmacHash::new(&MasterKey::from_secret(&Secret::new(secret)));
        let hash = hasher("secret").hash("purpose", b"message");
        assert_eq!(hasher("secret").hash("purpose", b"message"), hash);
        for other in [
            hasher("other").hash("purpose", b"message"),
            hasher("secret").hash("purposf", b"message"),
            hasher("secret").hash("purpose", b"messagf"),
            hasher("secret").hash("purposem", b"essage"),
        ] {
            assert_ne!(other, hash);
        }
    }
}
