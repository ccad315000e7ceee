//! Claims to sign, and tokens taken apart and put together wrongly.

use crate::MasterKeys;
use crate::claims::{Issuing, SubjectForm};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use square_accounts::AccessClaims;
use square_kernel::Secret;

/// The keys of secrets, the current one first.
pub(crate) fn master_keys(secrets: &[&str]) -> MasterKeys {
    let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    MasterKeys::from_secrets(&secrets[0], &secrets[1..])
}

/// When the tokens of the tests are made.
pub(crate) fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Claims that are good for an hour.
pub(crate) fn claims() -> AccessClaims {
    AccessClaims {
        user: "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0".parse().unwrap(),
        session: "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa1".parse().unwrap(),
        token_id: "token-1".to_owned(),
        username: "ada".into(),
        display_name: "Ada Lovelace".into(),
        roles: ["user".to_owned()].into(),
        permissions: ["get:movies", "get:actors"].into_iter().collect(),
        rights: 3,
        issued_at: now(),
        expires_at: now() + SignedDuration::from_hours(1),
    }
}

/// Tokens by us for us, the subject a plain id.
pub(crate) fn issuing() -> Issuing {
    Issuing {
        issuer: "https://square.test".to_owned(),
        audience: "square".to_owned(),
        subject: SubjectForm::Id,
    }
}

/// A token whose parts can be exchanged.
#[derive(Clone)]
pub(crate) struct Forgery {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    parts: [String; 3],
}

impl Forgery {
    pub(crate) fn of(token: &str) -> Self {
        let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let parts: [String; 3] = parts.try_into().unwrap();
        Self { header: json(&parts[0]), claims: json(&parts[1]), parts }
    }

    /// Says something else in its header; the signature stays.
    pub(crate) fn header(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.header[name] = value.into();
        other.parts[0] = URL_SAFE_NO_PAD.encode(other.header.to_string());
        other
    }

    /// Claims something else; the signature stays.
    pub(crate) fn claim(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.claims[name] = value.into();
        other.parts[1] = URL_SAFE_NO_PAD.encode(other.claims.to_string());
        other
    }

    /// Carries another signature.
    pub(crate) fn signature(&self, signature: &[u8]) -> Self {
        let mut other = self.clone();
        other.parts[2] = URL_SAFE_NO_PAD.encode(signature);
        other
    }

    /// Carries a good HMAC-SHA-256 under `key`.
    pub(crate) fn hmac(&self, key: &[u8]) -> Self {
        let message = format!("{}.{}", self.parts[0], self.parts[1]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        self.signature(hmac::sign(&key, message.as_bytes()).as_ref())
    }

    pub(crate) fn text(&self) -> String {
        self.parts.join(".")
    }
}
