use crate::{KeyId, KeyedHash, SealBroken, Sealed, Sealer};
use zeroize::Zeroizing;

/// Binds the purpose and turns the bytes round; hides nothing, and names no key.
#[derive(Debug, Default)]
pub struct TransparentSealer;

impl Sealer for TransparentSealer {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        let mut sealed = purpose.as_bytes().to_vec();
        sealed.push(0);
        sealed.extend(plain.iter().map(|byte| byte ^ 0xFF));
        Sealed(sealed)
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let rest = sealed.0.strip_prefix(purpose.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
        let plain = rest.map(|bytes| Zeroizing::new(bytes.iter().map(|byte| byte ^ 0xFF).collect()));
        plain.ok_or(SealBroken::Altered)
    }

    fn keys(&self) -> Vec<KeyId> {
        vec![KeyId([0; 4])]
    }

    fn key_of(&self, _sealed: &Sealed) -> Option<KeyId> {
        Some(self.current())
    }
}

/// Has keys of which only the names matter, four letters each, the current one first. Whoever knows a name can read and forge.
#[derive(Debug, Clone)]
pub struct NamedSealer(Vec<KeyId>);

impl NamedSealer {
    /// Seals under `current`, and opens what was sealed under `previous` too.
    pub fn new(current: &[u8; 4], previous: &[&[u8; 4]]) -> Self {
        Self(std::iter::once(&current).chain(previous).map(|name| KeyId(**name)).collect())
    }
}

impl Sealer for NamedSealer {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Sealed {
        // Something that differs from one time to the next, and a sum of all.
        let drop = crate::new_uuid(&crate::SystemClock, &crate::OsRandomness);
        let text = [&self.current().0[..], drop.as_bytes(), plain].concat();
        let sum = PlainHash.hash(purpose, &text);
        Sealed([&text[..], &sum].concat())
    }

    fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let key = self.key_of(sealed).ok_or(SealBroken::Altered)?;
        if !self.0.contains(&key) {
            return Err(SealBroken::UnknownKey(key));
        }
        let (text, sum) = sealed.0.split_last_chunk::<32>().ok_or(SealBroken::Altered)?;
        let plain = text.get(20..).filter(|_| PlainHash.hash(purpose, text) == *sum);
        plain.map(|plain| Zeroizing::new(plain.to_vec())).ok_or(SealBroken::Altered)
    }

    fn keys(&self) -> Vec<KeyId> {
        self.0.clone()
    }

    fn key_of(&self, sealed: &Sealed) -> Option<KeyId> {
        sealed.0.first_chunk().copied().map(KeyId)
    }
}

/// FNV-1a over purpose and message, stretched to 32 bytes; no key, so only for tests.
#[derive(Debug, Default)]
pub struct PlainHash;

impl KeyedHash for PlainHash {
    fn hashes(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]> {
        let mut out = [0; 32];
        for (round, chunk) in out.chunks_mut(8).enumerate() {
            let mut hash = 0xCBF2_9CE4_8422_2325_u64 ^ round as u64;
            for byte in purpose.bytes().chain([0]).chain(message.iter().copied()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
            chunk.copy_from_slice(&hash.to_le_bytes());
        }
        vec![out]
    }
}

/// [`PlainHash`] under keys of which only the names matter.
#[derive(Debug, Clone)]
pub struct NamedHash(Vec<KeyId>);

impl NamedHash {
    /// Hashes under `current`, and knows what was hashed under `previous` too.
    pub fn new(current: &[u8; 4], previous: &[&[u8; 4]]) -> Self {
        Self(std::iter::once(&current).chain(previous).map(|name| KeyId(**name)).collect())
    }
}

impl KeyedHash for NamedHash {
    fn hashes(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]> {
        let under = |key: &KeyId| PlainHash.hash(&format!("{key} {purpose}"), message);
        self.0.iter().map(under).collect()
    }
}
