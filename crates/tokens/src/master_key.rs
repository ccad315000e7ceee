use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use square_kernel::Secret;
use zeroize::Zeroizing;

/// What every key of this installation is derived from, by HKDF-SHA-256 (RFC 5869).
pub struct MasterKey(Prk);

impl MasterKey {
    /// Condenses the operator's secret. Equal secrets give equal keys, on every instance.
    pub fn from_secret(secret: &Secret) -> Self {
        Self(Salt::new(HKDF_SHA256, b"square master key 1").extract(secret.expose().as_bytes()))
    }

    /// The key for one use, `N` bytes.
    pub(crate) fn derive<const N: usize>(&self, purpose: &str) -> Zeroizing<[u8; N]> {
        let mut key = Zeroizing::new([0; N]);
        let info = [purpose.as_bytes()];
        let okm = self.0.expand(&info, Length(N));
        okm.and_then(|okm| okm.fill(&mut *key)).expect("HKDF gives up to 8160 bytes");
        key
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_secret_and_use_and_nothing_else() {
        let key =
            |secret: &str, purpose: &str| *MasterKey::from_secret(&Secret::new(secret)).derive::<32>(purpose);
        assert_eq!(key("secret", "sealing"), key("secret", "sealing"));
        assert_ne!(key("secret", "sealing"), key("secret", "hashing"));
        assert_ne!(key("secret", "sealing"), key("other", "sealing"));
    }
}
