use crate::claims::{Claims, Issuing};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use square_accounts::AccessClaims;
use square_accounts::ports::TokenRejected;

/// The media type of access tokens (RFC 9068): no token of another kind, signed by the same key, passes for one.
const ACCESS_TOKEN: &str = "at+jwt";

/// By how much the clock of the instance that issued a token may be ahead of this one's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// The header of our access tokens.
pub(crate) fn header(algorithm: Algorithm, key_id: &str) -> Header {
    let mut header = Header::new(algorithm);
    header.typ = Some(ACCESS_TOKEN.to_owned());
    header.kid = Some(key_id.to_owned());
    header
}

/// Verifies tokens of one algorithm, issuer and audience.
///
/// The signature is the library's to check; the claims are read here, since the library takes none whose `sub`
/// is an object.
pub(crate) struct Verifying {
    algorithm: Algorithm,
    issuing: Issuing,
}

impl Verifying {
    pub(crate) fn new(algorithm: Algorithm, issuing: Issuing) -> Self {
        Self { algorithm, issuing }
    }

    /// What `token` says when it is good at `now`. `key` finds the key with an identifier; the algorithm is
    /// ours to choose, whatever the token names.
    pub(crate) fn verify<'a>(
        &self,
        token: &str,
        now: Timestamp,
        key: impl FnOnce(&str) -> Option<&'a DecodingKey>,
    ) -> Result<AccessClaims, TokenRejected> {
        let claims = self.signed_claims(token, key).ok_or(TokenRejected::Invalid)?;
        let claims = claims.into_access(&self.issuing).ok_or(TokenRejected::Invalid)?;
        if claims.issued_at.duration_since(now) > CLOCK_SKEW || claims.expires_at <= claims.issued_at {
            return Err(TokenRejected::Invalid);
        }
        if claims.expires_at <= now { Err(TokenRejected::Expired) } else { Ok(claims) }
    }

    /// The claims of a token of our kind whose signature is good.
    fn signed_claims<'a>(
        &self,
        token: &str,
        key: impl FnOnce(&str) -> Option<&'a DecodingKey>,
    ) -> Option<Claims> {
        let (message, signature) = token.rsplit_once('.')?;
        let (_, payload) = message.split_once('.')?;
        let header = jsonwebtoken::decode_header(token).ok()?;
        let ours = header.typ.as_deref() == Some(ACCESS_TOKEN) && header.crit.is_none();
        if !ours || header.alg != self.algorithm {
            return None;
        }
        let key = key(header.kid.as_deref()?)?;
        let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, self.algorithm);
        if !good.ok()? {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}
