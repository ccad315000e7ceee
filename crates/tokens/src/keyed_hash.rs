use crate::master_key::MasterKeys;
use aws_lc_rs::hmac;
use square_kernel::KeyedHash;

/// HMAC-SHA-256 under keys of the installation.
pub struct HmacHash(Vec<hmac::Key>);

impl HmacHash {
    /// Uses keys of its own, derived from `keys`.
    pub fn new(keys: &MasterKeys) -> Self {
        Self(
            keys.iter()
                .map(|key| hmac::Key::new(hmac::HMAC_SHA256, &*key.derive::<32>("keyed-hash")))
                .collect(),
        )
    }
}

impl KeyedHash for HmacHash {
    fn hashes(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]> {
        self.0.iter().map(|key| under(key, purpose, message)).collect()
    }

    fn hash(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        under(&self.0[0], purpose, message)
    }
}

fn under(key: &hmac::Key, purpose: &str, message: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    // The length keeps purpose and message apart: no two pairs of them run together into the same bytes.
    context.update(&(purpose.len() as u64).to_be_bytes());
    context.update(purpose.as_bytes());
    context.update(message);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::master_keys;
    use square_kernel::testing::keyed_hash_rules;

    #[test]
    fn it_keeps_the_rules_of_keyed_hashes() {
        keyed_hash_rules(|numbers| {
            let secrets: Vec<_> = numbers.iter().map(|number| format!("secret {number}")).collect();
            HmacHash::new(&master_keys(&secrets.iter().map(String::as_str).collect::<Vec<_>>()))
        });
    }

    #[test]
    fn key_purpose_and_message_each_matter_and_do_not_run_together() {
        let hasher = |secret: &str| HmacHash::new(&master_keys(&[secret]));
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
