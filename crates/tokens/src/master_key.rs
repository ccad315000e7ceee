use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use square_kernel::{KeyId, Secret};
use zeroize::Zeroizing;

/// What keys of this installation are derived from, by HKDF-SHA-256 (RFC 5869).
#[derive(Clone)]
pub struct MasterKey(Prk);

impl MasterKey {
    /// Condenses the operator's secret. Equal secrets give equal keys, on every instance.
    pub fn from_secret(secret: &Secret) -> Self {
        Self(Salt::new(HKDF_SHA256, b"square master key 1").extract(secret.expose().as_bytes()))
    }

    /// What names it.
    pub fn id(&self) -> KeyId {
        // Called so since only what is sealed said it at first.
        KeyId(*self.derive("sealing-key-id"))
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

/// The key that is current, and others that are known: what was made under them is still good.
#[derive(Clone)]
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// Condenses secrets. One that is given twice counts once.
    pub fn from_secrets<'a>(current: &Secret, others: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut keys = vec![MasterKey::from_secret(current)];
        let mut seen = vec![current];
        for other in others {
            if !seen.contains(&other) {
                keys.push(MasterKey::from_secret(other));
                seen.push(other);
            }
        }
        Self(keys)
    }

    /// The current one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        self.0.iter()
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

    #[test]
    fn each_key_counts_once_and_the_current_one_comes_first() {
        let secrets = ["b", "a", "b", "a"].map(Secret::new);
        let ids = |keys: &MasterKeys| keys.iter().map(MasterKey::id).collect::<Vec<_>>();
        let expected = ["b", "a"].map(|secret| MasterKey::from_secret(&Secret::new(secret)).id());
        assert_eq!(ids(&MasterKeys::from_secrets(&secrets[0], &secrets[1..])), expected);
    }
}
