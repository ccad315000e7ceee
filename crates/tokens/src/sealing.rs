use crate::master_key::{MasterKey, MasterKeys};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use square_kernel::{KeyId, SealBroken, Sealed, Sealer};
use zeroize::{Zeroize, Zeroizing};

/// The first byte of everything sealed: how it was sealed.
const VERSION: u8 = 1;

/// Version and key id.
const HEADER_LEN: usize = 1 + size_of::<KeyId>();

/// Seals by AES-256-GCM: version (1 byte), key id (4), nonce (12, random), ciphertext, tag (16). Header and
/// purpose are authenticated along.
pub struct AeadSealer {
    current: Key,
    others: Vec<Key>,
}

/// One of the keys that are known.
struct Key {
    id: KeyId,
    key: RandomizedNonceKey,
}

impl AeadSealer {
    /// Uses keys of its own, derived from `keys`.
    pub fn new(keys: &MasterKeys) -> Self {
        let mut keys = keys.iter().map(Key::new);
        let current = keys.next().expect("there always is a current key");
        Self { current, others: keys.collect() }
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.others)
    }
}

impl Key {
    fn new(key: &MasterKey) -> Self {
        let aead = RandomizedNonceKey::new(&AES_256_GCM, &*key.derive::<32>("sealing"));
        Self { id: key.id(), key: aead.expect("the key has 32 bytes") }
    }

    fn header(&self) -> [u8; HEADER_LEN] {
        let mut header = [VERSION; HEADER_LEN];
        header[1..].copy_from_slice(&self.id.0);
        header
    }

    fn authenticated(&self, purpose: &str) -> Aad<Vec<u8>> {
        Aad::from([&self.header()[..], purpose.as_bytes()].concat())
    }

    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        let mut text = plain.to_vec();
        // Room for the tag, so that growing leaves no copy of the plain text behind.
        text.reserve_exact(AES_256_GCM.tag_len());
        let nonce = self.key.seal_in_place_append_tag(self.authenticated(purpose), &mut text);
        let nonce = nonce.expect("the system has randomness and the text is shorter than 64 GiB");
        Sealed([&self.header()[..], nonce.as_ref(), &text].concat())
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.0.get(HEADER_LEN..)?.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, self.authenticated(purpose), &mut text).ok()?.len();
        text[length..].zeroize();
        text.truncate(length);
        Some(text)
    }
}

impl Sealer for AeadSealer {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        self.current.seal(purpose, plain)
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let id = self.key_of(sealed).ok_or(SealBroken::Altered)?;
        // Ids are short: two keys may share one.
        let mut named = self.all().filter(|key| key.id == id).peekable();
        named.peek().ok_or(SealBroken::UnknownKey(id))?;
        named.find_map(|key| key.open(purpose, sealed)).ok_or(SealBroken::Altered)
    }

    fn keys(&self) -> Vec<KeyId> {
        self.all().map(|key| key.id).collect()
    }

    fn key_of(&self, sealed: &Sealed) -> Option<KeyId> {
        let (version, rest) = sealed.0.split_first()?;
        let id = rest.first_chunk().filter(|_| *version == VERSION)?;
        Some(KeyId(*id))
    }

    fn current(&self) -> KeyId {
        self.current.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::master_keys;
    use square_kernel::testing::sealer_rules;

    fn sealer(secret: &str) -> AeadSealer {
        AeadSealer::new(&master_keys(&[secret]))
    }

    #[test]
    fn it_keeps_the_rules_of_sealers() {
        sealer_rules(|numbers| {
            let secrets: Vec<_> = numbers.iter().map(|number| format!("secret {number}")).collect();
            AeadSealer::new(&master_keys(&secrets.iter().map(String::as_str).collect::<Vec<_>>()))
        });
    }

    #[test]
    fn what_was_sealed_opens_for_its_purpose_only_and_under_its_key_only() {
        let other = SealBroken::UnknownKey(sealer("key").current());
        for plain in [&b""[..], b"secret", &[7; 5000]] {
            let sealed = sealer("key").seal("purpose", plain);
            assert_eq!(*sealer("key").open("purpose", &sealed).unwrap(), plain);
            assert_eq!(sealer("key").open("other", &sealed), Err(SealBroken::Altered));
            assert_eq!(sealer("other").open("purpose", &sealed), Err(other));
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let sealer = sealer("key");
        assert_ne!(sealer.seal("purpose", b"secret"), sealer.seal("purpose", b"secret"));
    }

    #[test]
    fn no_altered_or_shortened_text_opens() {
        let sealer = sealer("key");
        let bytes = sealer.seal("purpose", b"secret").0;
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            assert!(sealer.open("purpose", &Sealed(altered)).is_err(), "byte {index}");
            let shortened = Sealed(bytes[..index].to_vec());
            assert_eq!(sealer.open("purpose", &shortened), Err(SealBroken::Altered), "{index} bytes");
        }
    }

    #[test]
    fn a_value_that_is_said_to_be_under_another_known_key_does_not_open() {
        let both = AeadSealer::new(&master_keys(&["key", "old"]));
        let mut sealed = both.seal("purpose", b"secret");
        sealed.0[1..HEADER_LEN].copy_from_slice(&sealer("old").current().0);
        assert_eq!(both.open("purpose", &sealed), Err(SealBroken::Altered));
    }

    /// What earlier versions have sealed names its key in the same way.
    #[test]
    fn the_layout_stays() {
        let sealed = sealer("key").seal("purpose", b"secret");
        assert_eq!(sealed.0.len(), 5 + 12 + 6 + 16);
        assert_eq!(sealed.0[0], 1);
        let id = *MasterKey::from_secret(&square_kernel::Secret::new("key")).derive::<4>("sealing-key-id");
        assert_eq!(sealed.0[1..5], id);
    }
}
