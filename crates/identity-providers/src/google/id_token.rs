//! ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.7).

use super::keys::Key;
use crate::profile::says_true;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use square_accounts::ports::identity::IdentityError;
use square_kernel::Secret;
use subtle::ConstantTimeEq;

/// By how much the provider's clock may be ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The longest token that is looked at.
const MAX_BYTES: usize = 16 * 1024;

/// A token taken apart, not believed yet.
pub(super) struct IdToken<'a> {
    message: &'a str,
    signature: &'a str,
    payload: &'a str,
    key_id: String,
    algorithm: Algorithm,
}

/// In whose name a token has to be, for whom, and what it has to repeat.
pub(super) struct Issuing<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) nonce: Option<&'a Secret>,
}

/// What a token says.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    pub(super) sub: String,
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "says_true")]
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

const NO_TOKEN: IdentityError = IdentityError::Rejected("that is no ID token");

impl<'a> IdToken<'a> {
    /// Takes a token apart whose header names a key and one of the algorithms that providers sign by. `none` and those that
    /// need a shared secret are not among them, so a public key is never taken for one.
    pub(super) fn read(token: &'a str) -> Result<Self, IdentityError> {
        if token.len() > MAX_BYTES {
            return Err(NO_TOKEN);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(NO_TOKEN)?;
        let (_, payload) = message.split_once('.').ok_or(NO_TOKEN)?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| NO_TOKEN)?;
        if header.crit.is_some() {
            return Err(NO_TOKEN);
        }
        let (Some(key_id), Algorithm::RS256 | Algorithm::ES256) = (header.kid, header.alg) else {
            return Err(NO_TOKEN);
        };
        Ok(Self { message, signature, payload, key_id, algorithm: header.alg })
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What it says, when it is signed with `key`, by the algorithm that is the key's own.
    pub(super) fn verified(&self, key: &Key) -> Result<Claims, IdentityError> {
        let forged = || IdentityError::Rejected("the ID token is not signed by the provider");
        let good =
            jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key.public, key.algorithm);
        if !good.unwrap_or(false) {
            return Err(forged());
        }
        let payload = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| NO_TOKEN)?;
        serde_json::from_slice(&payload).map_err(|_| NO_TOKEN)
    }
}

impl Claims {
    /// The claims, where they are by whom, for whom and of the time they should be.
    pub(super) fn checked(self, issuing: &Issuing<'_>, now: Timestamp) -> Result<Self, IdentityError> {
        if bare(&self.iss) != bare(issuing.issuer) {
            return Err(IdentityError::Rejected("the ID token is another provider's"));
        }
        let audience = match &self.aud {
            Audience::One(audience) => Some(audience),
            // For others besides us, too, is for somebody who may pass it on.
            Audience::Several(several) => several.first().filter(|_| several.len() == 1),
        };
        if audience.is_none_or(|audience| audience != issuing.audience) {
            return Err(IdentityError::Rejected("the ID token is another application's"));
        }
        if moment(self.exp)? <= now {
            return Err(IdentityError::Rejected("the ID token has expired"));
        }
        let begins = self.iat.max(self.nbf.unwrap_or(self.iat));
        if moment(begins)?.duration_since(now) > CLOCK_SKEW {
            return Err(IdentityError::Rejected("the ID token is not good yet"));
        }
        let same =
            |said: &str, wanted: &Secret| bool::from(said.as_bytes().ct_eq(wanted.expose().as_bytes()));
        match (&self.nonce, issuing.nonce) {
            (None, None) => Ok(self),
            (Some(said), Some(wanted)) if same(said, wanted) => Ok(self),
            // One that was asked for with a nonce belongs to that sign-in and no other.
            (Some(_), None) => Err(IdentityError::Rejected("the nonce of the ID token has to be sent along")),
            (_, Some(_)) => Err(IdentityError::Rejected("the nonce of the ID token is another sign-in's")),
        }
    }
}

/// An issuer as compared: Google's tokens name it with and without the scheme.
fn bare(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

fn moment(seconds: i64) -> Result<Timestamp, IdentityError> {
    Timestamp::from_second(seconds).map_err(|_| NO_TOKEN)
}
