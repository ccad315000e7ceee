use crate::claims::{Claims, Issuing};
use crate::verifying::{Verifying, header};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use square_accounts::AccessClaims;
use square_accounts::ports::{TokenRejected, TokenSigner};
use square_kernel::{Secret, Unavailable};
use std::collections::HashMap;
use std::sync::Arc;

/// Signs access tokens by HS256 under the operator's secret as it is, for services that share it and know no
/// other algorithm. Whoever can verify such a token can also make one.
pub struct Hs256Signer {
    issuing: Issuing,
    header: Header,
    signing: EncodingKey,
    keys: HashMap<String, DecodingKey>,
    verifying: Verifying,
}

impl Hs256Signer {
    /// Signs under `secret`, whose bytes are the key, and verifies also what was signed under one of `others`.
    pub fn new<'a>(
        secret: &'a Secret,
        others: impl IntoIterator<Item = &'a Secret>,
        issuing: Issuing,
    ) -> Self {
        let verifying = |secret: &Secret| {
            let secret = secret.expose().as_bytes();
            (key_id(secret), DecodingKey::from_secret(secret))
        };
        let current = secret.expose().as_bytes();
        Self {
            header: header(Algorithm::HS256, &key_id(current)),
            signing: EncodingKey::from_secret(current),
            keys: others.into_iter().chain([secret]).map(verifying).collect(),
            verifying: Verifying::new(Algorithm::HS256, issuing.clone()),
            issuing,
        }
    }
}

impl TokenSigner for Hs256Signer {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable> {
        let claims = Claims::new(claims, &self.issuing);
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing);
        token.map(Secret::new).map_err(Unavailable::new)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected> {
        self.verifying.verify(token, now, |id| self.keys.get(id))
    }

    fn jwks(&self) -> Arc<str> {
        r#"{"keys":[]}"#.into()
    }
}

/// Names the key without telling anything of it.
fn key_id(secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    URL_SAFE_NO_PAD.encode(&hmac::sign(&key, b"square HS256 key id").as_ref()[..9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectForm;
    use crate::testing::{Forgery, claims, issuing, now};
    use jiff::SignedDuration;

    fn signer(secret: &str) -> Hs256Signer {
        with_others(secret, &[])
    }

    fn with_others(secret: &str, others: &[Secret]) -> Hs256Signer {
        Hs256Signer::new(&Secret::new(secret), others, Issuing { subject: SubjectForm::Square, ..issuing() })
    }

    #[test]
    fn a_token_says_what_was_signed_and_equal_claims_give_equal_tokens() {
        let token = signer("secret").sign(&claims()).unwrap();
        assert_eq!(signer("secret").verify(token.expose(), now()), Ok(claims()));
        assert_eq!(signer("secret").sign(&claims()).unwrap(), token);
        let late = now() + SignedDuration::from_secs(3600);
        assert_eq!(signer("secret").verify(token.expose(), late), Err(TokenRejected::Expired));
    }

    #[test]
    fn the_current_secret_signs_and_all_verify() {
        let both = with_others("new", &[Secret::new("old")]);
        let before = signer("old").sign(&claims()).unwrap();
        assert_eq!(both.verify(before.expose(), now()), Ok(claims()));
        let after = both.sign(&claims()).unwrap();
        assert_eq!(signer("new").sign(&claims()).unwrap(), after);
        assert_eq!(both.verify(after.expose(), now()), Ok(claims()));
        assert_eq!(signer("new").verify(before.expose(), now()), Err(TokenRejected::Invalid));
        let renamed = Forgery::of(before.expose()).header("kid", &key_id(b"new"));
        assert_eq!(
            both.verify(&renamed.text(), now()),
            Err(TokenRejected::Invalid),
            "each under its own name"
        );
    }

    #[test]
    fn the_key_is_the_secret_itself_as_sharing_services_expect() {
        let token = signer("secret").sign(&claims()).unwrap();
        let made_elsewhere = Forgery::of(token.expose()).hmac(b"secret");
        assert_eq!(made_elsewhere.text(), token.expose());
    }

    #[test]
    fn no_token_is_believed_that_was_not_signed_under_the_secret() {
        let (ours, foreign) = (signer("secret"), signer("other").sign(&claims()).unwrap());
        let good = Forgery::of(ours.sign(&claims()).unwrap().expose());
        assert!(ours.verify(&good.text(), now()).is_ok());
        let refused = [
            ("an unknown key", foreign.expose().to_owned()),
            ("another's under our key's name", good.hmac(b"other").text()),
            ("no key's name", good.header("kid", "").hmac(b"secret").text()),
            ("no algorithm", good.header("alg", "none").signature(b"").text()),
            ("an algorithm of the same family", good.header("alg", "HS384").hmac(b"secret").text()),
            ("another kind", good.header("typ", "JWT").hmac(b"secret").text()),
            ("another issuer", good.claim("iss", "https://other.test").hmac(b"secret").text()),
            ("another audience", good.claim("aud", "other").hmac(b"secret").text()),
            ("a subject that is no id", good.claim("sub", "root").hmac(b"secret").text()),
            ("altered claims", good.claim("username", "root").text()),
        ];
        for (what, token) in refused {
            assert_eq!(ours.verify(&token, now()), Err(TokenRejected::Invalid), "{what}");
        }
    }
}
