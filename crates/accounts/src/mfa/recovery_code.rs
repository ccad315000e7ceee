use square_kernel::{FieldError, KeyedHash, Randomness, Secret, UserId};
use std::fmt;

square_kernel::id!(
    /// A recovery code that was not used yet.
    RecoveryCodeId
);

/// How many a set has.
pub(crate) const CODES: usize = 5;

/// What they are hashed for.
const PURPOSE: &str = "recovery-code";

/// What somebody signs in with who has lost the second factor: 128 random bits as 32 upper-case hex digits. Good once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Secret);

/// The keyed hash of a [`RecoveryCode`] of one account: what it is looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecoveryDigest(pub [u8; 32]);

impl RecoveryCode {
    /// Makes a new one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes);
        Self(Secret::new(format!("{:032X}", u128::from_be_bytes(bytes))))
    }

    /// Parses what a client sent as `recovery_code`, in either case, with blanks or dashes between the digits.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if digits.is_empty() {
            return Err(FieldError::new("recovery_code", "must not be empty"));
        }
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(FieldError::new("recovery_code", "must have 32 hex digits"));
        }
        Ok(Self(Secret::new(digits.to_ascii_uppercase())))
    }

    /// The text to be written down.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What it is stored by among the codes of `user`, to be looked up.
    pub fn digest(&self, user: UserId, keyed_hash: &dyn KeyedHash) -> RecoveryDigest {
        RecoveryDigest(keyed_hash.hash(PURPOSE, &self.message(user)))
    }

    /// What it may have been stored by: under each key that is known.
    pub fn digests(&self, user: UserId, keyed_hash: &dyn KeyedHash) -> Vec<RecoveryDigest> {
        keyed_hash.hashes(PURPOSE, &self.message(user)).into_iter().map(RecoveryDigest).collect()
    }

    fn message(&self, user: UserId) -> Vec<u8> {
        [user.uuid().as_bytes(), self.0.expose().as_bytes()].concat()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

impl fmt::Debug for RecoveryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, NamedHash, PlainHash, SeededRandomness};

    #[test]
    fn a_code_has_32_upper_case_hex_digits_and_reads_back_however_it_is_typed() {
        let code = RecoveryCode::new(&SeededRandomness::default());
        let text = code.expose();
        assert_eq!(text.len(), 32);
        assert!(text.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F')), "{text}");
        let dashed = format!(" {}-{} ", &text[..16], &text[16..]);
        for typed in [text, &text.to_lowercase(), &dashed] {
            assert_eq!(RecoveryCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        for wrong in [&text[1..], &format!("{text}0"), &text.replace(&text[..1], "G"), "٣"] {
            let refused = Err(FieldError::new("recovery_code", "must have 32 hex digits"));
            assert_eq!(RecoveryCode::parse(wrong), refused, "{wrong}");
        }
        assert!(RecoveryCode::parse(" - ").is_err());
    }

    #[test]
    fn the_same_code_of_two_accounts_is_looked_up_in_two_ways() {
        let randomness = SeededRandomness::default();
        let (one, other) = (
            UserId::new(&ManualClock::default(), &randomness),
            UserId::new(&ManualClock::default(), &randomness),
        );
        let code = RecoveryCode::new(&randomness);
        assert_eq!(code.digest(one, &PlainHash), code.digest(one, &PlainHash));
        assert_ne!(code.digest(one, &PlainHash), code.digest(other, &PlainHash));
        assert_ne!(RecoveryCode::new(&randomness).digest(one, &PlainHash), code.digest(one, &PlainHash));
    }

    #[test]
    fn it_may_be_stored_by_each_key_and_is_stored_by_the_current() {
        let randomness = SeededRandomness::default();
        let (code, user) =
            (RecoveryCode::new(&randomness), UserId::new(&ManualClock::default(), &randomness));
        let (old, both) = (NamedHash::new(b"old ", &[]), NamedHash::new(b"new ", &[b"old "]));
        assert_eq!(code.digests(user, &both), [code.digest(user, &both), code.digest(user, &old)]);
    }

    #[test]
    fn it_shows_in_nothing_that_may_be_logged() {
        let code = RecoveryCode::new(&SeededRandomness::default());
        let user = UserId::new(&ManualClock::default(), &SeededRandomness::default());
        let shown = format!("{code:?} {:?}", code.digest(user, &PlainHash));
        assert_eq!(shown, "RecoveryCode(…) RecoveryDigest(…)");
    }
}
