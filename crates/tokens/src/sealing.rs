use crate::MasterKey;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use square_kernel::{SealBroken, Sealed, Sealer};
use zeroize::{Zeroize, Zeroizing};

/// The first byte of everything sealed: how it was sealed.
const VERSION: u8 = 1;

/// How many bytes name the key.
const KEY_ID_LEN: usize = 4;

/// Version and key id.
const HEADER_LEN: usize = 1 + KEY_ID_LEN;

/// Seals by AES-256-GCM: version (1 byte), key id (4), nonce (12, random), ciphertext, tag (16). Header and
/// purpose are authenticated along.
pub struct AeadSealer {
    key: RandomizedNonceKey,
    header: [u8; HEADER_LEN],
}

impl AeadSealer {
    /// Uses a key of its own, derived from `key`.
    pub fn new(key: &MasterKey) -> Self {
        let aead = RandomizedNonceKey::new(&AES_256_GCM, &*key.derive::<32>("sealing"));
        let mut header = [VERSION; HEADER_LEN];
        header[1..].copy_from_slice(&*key.derive::<KEY_ID_LEN>("sealing-key-id"));
        Self { key: aead.expect("the key has 32 bytes"), header }
    }

    fn authenticated(&self, purpose: &str) -> Aad<Vec<u8>> {
        Aad::from([&self.header, purpose.as_bytes()].concat())
    }
}

impl Sealer for AeadSealer {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        let mut text = plain.to_vec();
        // Room for the tag, so that growing leaves no copy of the plain text behind.
        text.reserve_exact(AES_256_GCM.tag_len());
        let nonce = self.key.seal_in_place_append_tag(self.authenticated(purpose), &mut text);
        let nonce = nonce.expect("the system has randomness and the text is shorter than 64 GiB");
        Sealed([&self.header[..], nonce.as_ref(), &text].concat())
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let rest = sealed.0.strip_prefix(&self.header).ok_or(SealBroken)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealBroken)?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, self.authenticated(purpose), &mut text);
        let length = opened.map_err(|_| SealBroken)?.len();
        text[length..].zeroize();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::Secret;

    fn sealer(secret: &str) -> AeadSealer {
        AeadSealer::new(&MasterKey::from_secret(&Secret::new(secret)))
    }

    #[test]
    fn what_was_sealed_opens_for_its_purpose_only_and_under_its_key_only() {
        for plain in [&b""[..], b"secret", &[7; 5000]] {
            let sealed = sealer("key").seal("purpose", plain);
            assert_eq!(*sealer("key").open("purpose", &sealed).unwrap(), plain);
            assert_eq!(sealer("key").open("other", &sealed), Err(SealBroken));
            assert_eq!(sealer("other").open("purpose", &sealed), Err(SealBroken));
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
            assert_eq!(sealer.open("purpose", &Sealed(altered)), Err(SealBroken), "byte {index}");
            let shortened = Sealed(bytes[..index].to_vec());
            assert_eq!(sealer.open("purpose", &shortened), Err(SealBroken), "{index} bytes");
        }
    }
}
