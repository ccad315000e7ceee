use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use square_accounts::PasswordHash;
use square_accounts::ports::PasswordCheck;
use zeroize::Zeroizing;

/// Stands before the bcrypt text of every hash: how the password was made ready for bcrypt.
/// `1`: base64 of HMAC-SHA-384 under the pepper. Another way gets another character.
const VERSION: char = '1';

/// bcrypt's own base64.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);

/// The slow part, for one thread at a time.
pub(crate) struct Hashing {
    pepper: hmac::Key,
    cost: u32,
}

impl Hashing {
    pub(crate) fn new(pepper: &[u8], cost: u32) -> Self {
        Self { pepper: hmac::Key::new(hmac::HMAC_SHA384, pepper), cost }
    }

    /// Hashes with a fresh salt.
    pub(crate) fn hash(&self, password: &str) -> Result<PasswordHash, bcrypt::BcryptError> {
        let hash = bcrypt::non_truncating_hash(self.prepared(password).as_bytes(), self.cost)?;
        Ok(PasswordHash::new(format!("{VERSION}{hash}")))
    }

    /// Checks. A hash that this program cannot have made matches nothing.
    pub(crate) fn verify(&self, typed: &str, hash: &PasswordHash) -> PasswordCheck {
        let Some(hash) = hash.as_str().strip_prefix(VERSION) else {
            tracing::error!("a stored password hash is of an unknown version");
            return PasswordCheck::Wrong;
        };
        match bcrypt::non_truncating_verify(self.prepared(typed).as_bytes(), hash) {
            Ok(true) => PasswordCheck::Right { outdated: self.is_outdated(hash) },
            Ok(false) => PasswordCheck::Wrong,
            Err(error) => {
                tracing::error!(%error, "a stored password hash is broken");
                PasswordCheck::Wrong
            }
        }
    }

    /// A hash of nothing: random salt, random result. It costs as much to check as any other, and no time to
    /// make.
    pub(crate) fn decoy(&self) -> PasswordHash {
        let (mut salt, mut hash) = ([0; 16], [0; 23]);
        // Without randomness left the decoy is one of zeros, which no password is known to match either.
        let filled = rand::fill(&mut salt).and_then(|()| rand::fill(&mut hash));
        if filled.is_err() {
            tracing::error!("no randomness for the decoy hash");
        }
        let (salt, hash) = (BCRYPT.encode(salt), BCRYPT.encode(hash));
        PasswordHash::new(format!("{VERSION}$2b${:02}${salt}{hash}", self.cost))
    }

    fn is_outdated(&self, hash: &str) -> bool {
        hash.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() != self.cost)
    }

    /// 64 characters that depend on every byte of the password.
    fn prepared(&self, password: &str) -> Zeroizing<String> {
        let digest = hmac::sign(&self.pepper, password.as_bytes());
        Zeroizing::new(STANDARD.encode(digest.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: PasswordCheck = PasswordCheck::Right { outdated: false };

    fn hashing() -> Hashing {
        Hashing::new(b"pepper", 4)
    }

    #[test]
    fn a_password_verifies_and_another_does_not() {
        let hash = hashing().hash("correct horse").unwrap();
        assert!(hash.as_str().starts_with("1$2b$04$"));
        assert_eq!(hashing().verify("correct horse", &hash), RIGHT);
        assert_eq!(hashing().verify("correct horsf", &hash), PasswordCheck::Wrong);
        assert_eq!(hashing().verify("", &hash), PasswordCheck::Wrong);
        assert_ne!(hashing().hash("correct horse").unwrap(), hash, "the salt is fresh");
    }

    #[test]
    fn every_byte_counts_also_behind_byte_72_and_behind_a_zero() {
        for (one, other) in [
            (format!("{}a", "x".repeat(72)), format!("{}b", "x".repeat(72))),
            (format!("{}a", "x".repeat(1000)), format!("{}b", "x".repeat(1000))),
            ("abcdefgh\0a".to_owned(), "abcdefgh\0b".to_owned()),
        ] {
            let hash = hashing().hash(&one).unwrap();
            assert_eq!(hashing().verify(&one, &hash), RIGHT);
            assert_eq!(hashing().verify(&other, &hash), PasswordCheck::Wrong);
        }
    }

    #[test]
    fn another_pepper_matches_nothing() {
        let hash = hashing().hash("correct horse").unwrap();
        assert_eq!(Hashing::new(b"salt", 4).verify("correct horse", &hash), PasswordCheck::Wrong);
    }

    #[test]
    fn another_cost_is_outdated_in_both_directions() {
        let outdated = PasswordCheck::Right { outdated: true };
        let dearer = Hashing::new(b"pepper", 5);
        let (cheap, dear) = (hashing().hash("pass word").unwrap(), dearer.hash("pass word").unwrap());
        assert_eq!(dearer.verify("pass word", &cheap), outdated);
        assert_eq!(hashing().verify("pass word", &dear), outdated);
        assert_eq!(dearer.verify("pass word", &dear), RIGHT);
    }

    #[test]
    fn a_hash_of_another_making_matches_nothing() {
        let hash = hashing().hash("correct horse").unwrap();
        let bare = hash.as_str().trim_start_matches('1').to_owned();
        for text in [bare.clone(), format!("2{bare}"), "1$2b$04$short".to_owned(), String::new()] {
            let check = hashing().verify("correct horse", &PasswordHash::new(text.clone()));
            assert_eq!(check, PasswordCheck::Wrong, "{text}");
        }
    }

    /// If bcrypt refused the decoy, checking it would take no time and unknown names would show.
    #[test]
    fn a_decoy_is_a_hash_of_the_same_cost() {
        let decoy = hashing().decoy();
        let parts: bcrypt::HashParts = decoy.as_str().strip_prefix('1').unwrap().parse().unwrap();
        assert_eq!(parts.get_cost(), 4);
        assert_eq!(hashing().verify("", &decoy), PasswordCheck::Wrong);
        assert_ne!(decoy, hashing().decoy());
    }
}
