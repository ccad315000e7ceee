use jiff::Timestamp;
use sha2::{Digest, Sha256};
use square_kernel::{Permissions, Randomness, Secret, SessionId, UserId};
use std::sync::Arc;

/// The secret in a mailed link: 256 random bits, base64url. Good once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailToken(Secret);

/// SHA-256 of a [`MailToken`]: what is stored in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub [u8; 32]);

impl MailToken {
    /// Makes a new one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        Self(Secret::new(base64_url(&bytes)))
    }

    /// Takes what a client sent; any text, since a wrong one simply matches nothing.
    pub fn received(text: &str) -> Self {
        Self(Secret::new(text))
    }

    /// The text for the link.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored and looked up.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.expose().as_bytes()).into())
    }
}

impl std::fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

/// Bytes as unpadded base64url (RFC 4648, section 5).
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What [`base64_url`] made into text; `None` when it is no such text.
pub(crate) fn from_base64_url(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

/// What an access token says, before it is signed or after it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The account.
    pub user: UserId,
    /// The session it belongs to: when that ends, so does the token.
    pub session: SessionId,
    /// Unique to the token; equal for the equal tokens that a retried refresh gives.
    pub token_id: String,
    /// The public name.
    pub username: Arc<str>,
    /// First and last name, for clients that show it; may be empty.
    pub display_name: Arc<str>,
    /// Names of roles.
    pub roles: Arc<[String]>,
    /// What the roles allow.
    pub permissions: Permissions,
    /// [`Account::rights`](crate::Account::rights) when the token was made: a token with a smaller number than its
    /// account has now says something that is true no more.
    pub rights: u32,
    /// From when it is good, whole seconds.
    pub issued_at: Timestamp,
    /// Until when it is good, whole seconds.
    pub expires_at: Timestamp,
}

/// The two tokens of a signed-in session.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// For the `Authorization` header.
    pub access: Secret,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// To get the next pair with; good once.
    pub refresh: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::OsRandomness;
    use std::collections::BTreeSet;

    #[test]
    fn a_mailed_secret_is_256_random_bits_of_which_the_store_sees_a_digest() {
        let tokens: Vec<MailToken> = (0..100).map(|_| MailToken::new(&OsRandomness)).collect();
        let different: BTreeSet<&str> = tokens.iter().map(MailToken::expose).collect();
        assert_eq!(different.len(), tokens.len());
        for token in &tokens {
            let bytes = from_base64_url(token.expose()).unwrap();
            assert_eq!(bytes.len(), 32);
            assert_ne!(token.digest().0, *bytes);
            assert_eq!(MailToken::received(token.expose()).digest().0, token.digest().0);
        }
    }
}
