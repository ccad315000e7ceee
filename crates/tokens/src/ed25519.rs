use crate::claims::{Claims, Issuing};
use crate::verifying::{Verifying, header};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::json;
use square_accounts::AccessClaims;
use square_accounts::ports::{StoredSigningKey, TokenRejected, TokenSigner};
use square_kernel::{Clock, Randomness, Sealer, Secret, Unavailable};
use std::collections::HashMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why stored signing keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// There is none.
    #[error("there is no signing key")]
    NoKey,
    /// It was sealed under another secret.
    #[error("the signing key {0} does not open: SECRET_KEY is not the one it was stored under")]
    Sealed(String),
    /// It opens, but is no Ed25519 key.
    #[error("the signing key {0} is damaged")]
    Damaged(String),
}

/// Makes a signing key. Its identifier is its public key's thumbprint (RFC 7638).
pub fn generate_signing_key(
    sealer: &dyn Sealer,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> StoredSigningKey {
    let mut seed = Zeroizing::new([0; 32]);
    randomness.fill(&mut *seed);
    let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("any 32 bytes are a seed");
    let pkcs8 = pair.to_pkcs8().expect("a key that was just made can be written");
    StoredSigningKey {
        id: thumbprint(&pair),
        private: sealer.seal(StoredSigningKey::PURPOSE, pkcs8.as_ref()),
        created_at: clock.now(),
    }
}

/// Signs access tokens by Ed25519 (RFC 8037): the newest key signs, all verify, so that a new key signs nobody
/// out.
pub struct Ed25519Signer {
    issuing: Issuing,
    header: Header,
    newest: EncodingKey,
    keys: HashMap<String, DecodingKey>,
    verifying: Verifying,
    jwks: Arc<str>,
}

impl Ed25519Signer {
    /// Opens the stored keys.
    pub fn new(
        keys: &[StoredSigningKey],
        sealer: &dyn Sealer,
        issuing: Issuing,
    ) -> Result<Self, SigningKeyError> {
        let mut keys: Vec<_> = keys.iter().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        let (mut newest, mut public, mut listed) = (None, HashMap::new(), Vec::new());
        for key in keys {
            let pkcs8 = sealer.open(StoredSigningKey::PURPOSE, &key.private);
            let pkcs8 = pkcs8.map_err(|_| SigningKeyError::Sealed(key.id.clone()))?;
            let pair = Ed25519KeyPair::from_pkcs8(&pkcs8);
            let pair = pair.map_err(|_| SigningKeyError::Damaged(key.id.clone()))?;
            newest
                .get_or_insert_with(|| (header(Algorithm::EdDSA, &key.id), EncodingKey::from_ed_der(&pkcs8)));
            public.insert(key.id.clone(), DecodingKey::from_ed_der(pair.public_key().as_ref()));
            listed.push(json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id, "x": public_text(&pair),
            }));
        }
        let (header, newest) = newest.ok_or(SigningKeyError::NoKey)?;
        let verifying = Verifying::new(Algorithm::EdDSA, issuing.clone());
        let jwks = json!({ "keys": listed }).to_string().into();
        Ok(Self { issuing, header, newest, keys: public, verifying, jwks })
    }
}

impl TokenSigner for Ed25519Signer {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable> {
        let claims = Claims::new(claims, &self.issuing);
        let token = jsonwebtoken::encode(&self.header, &claims, &self.newest);
        token.map(Secret::new).map_err(Unavailable::new)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected> {
        self.verifying.verify(token, now, |id| self.keys.get(id))
    }

    fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.jwks)
    }
}

/// The public key as it stands in a JSON Web Key.
fn public_text(pair: &Ed25519KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(pair.public_key())
}

fn thumbprint(pair: &Ed25519KeyPair) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, public_text(pair));
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectForm;
    use crate::testing::{Forgery, claims, issuing, now};
    use jiff::SignedDuration;
    use square_kernel::testing::{ManualClock, SeededRandomness, TransparentSealer};

    struct Keys {
        clock: ManualClock,
        randomness: SeededRandomness,
    }

    impl Keys {
        fn new() -> Self {
            Self { clock: ManualClock::at(now()), randomness: SeededRandomness::default() }
        }

        fn make(&self) -> StoredSigningKey {
            self.clock.advance(SignedDuration::from_secs(1));
            generate_signing_key(&TransparentSealer, &self.clock, &self.randomness)
        }
    }

    fn signer(keys: &[StoredSigningKey]) -> Ed25519Signer {
        Ed25519Signer::new(keys, &TransparentSealer, issuing()).unwrap()
    }

    fn public(key: &StoredSigningKey) -> Vec<u8> {
        let pkcs8 = TransparentSealer.open(StoredSigningKey::PURPOSE, &key.private).unwrap();
        Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().public_key().as_ref().to_vec()
    }

    #[test]
    fn a_token_says_what_was_signed_in_either_form_of_subject() {
        let key = Keys::new().make();
        let plain = signer(std::slice::from_ref(&key));
        let square = Issuing { subject: SubjectForm::Square, ..issuing() };
        let square = Ed25519Signer::new(&[key], &TransparentSealer, square).unwrap();
        let token = square.sign(&claims()).unwrap();
        for verifier in [&plain, &square] {
            assert_eq!(verifier.verify(token.expose(), now()), Ok(claims()));
        }
        let token = plain.sign(&claims()).unwrap();
        for verifier in [&plain, &square] {
            let nameless = AccessClaims { display_name: "".into(), ..claims() };
            assert_eq!(verifier.verify(token.expose(), now()), Ok(nameless));
        }
    }

    #[test]
    fn the_token_looks_as_promised() {
        let key = Keys::new().make();
        let square = Issuing { subject: SubjectForm::Square, ..issuing() };
        let square = Ed25519Signer::new(std::slice::from_ref(&key), &TransparentSealer, square).unwrap();
        let token = Forgery::of(square.sign(&claims()).unwrap().expose());
        assert_eq!(token.header, json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": key.id }));
        let (user, session) = (claims().user.to_string(), claims().session.to_string());
        let expected = json!({
            "iss": "https://square.test", "aud": "square",
            "sub": { "id": user, "username": "ada", "name": "Ada Lovelace" },
            "sid": session, "jti": "token-1", "rights": 3, "iat": now().as_second(), "exp": now().as_second() + 3600,
            "username": "ada", "roles": ["user"], "permissions": ["get:actors", "get:movies"],
        });
        assert_eq!(token.claims, expected);
        let token = Forgery::of(signer(&[key]).sign(&claims()).unwrap().expose());
        assert_eq!(token.claims["sub"], json!(user));
    }

    #[test]
    fn equal_claims_give_equal_tokens() {
        let key = Keys::new().make();
        let sign = || signer(std::slice::from_ref(&key)).sign(&claims()).unwrap();
        assert_eq!(sign(), sign());
    }

    #[test]
    fn the_newest_key_signs_and_all_verify() {
        let keys = Keys::new();
        let (old, new) = (keys.make(), keys.make());
        let before = signer(std::slice::from_ref(&old)).sign(&claims()).unwrap();
        for order in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
            let both = signer(&order);
            assert!(both.verify(before.expose(), now()).is_ok());
            let after = Forgery::of(both.sign(&claims()).unwrap().expose());
            assert_eq!(after.header["kid"], json!(new.id));
        }
        let retired = signer(&[new]);
        assert_eq!(retired.verify(before.expose(), now()), Err(TokenRejected::Invalid));
    }

    #[test]
    fn the_public_keys_are_listed() {
        let keys = Keys::new();
        let (old, new) = (keys.make(), keys.make());
        let listed = |key: &StoredSigningKey| {
            let x = URL_SAFE_NO_PAD.encode(public(key));
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id, "x": x })
        };
        let expected = json!({ "keys": [listed(&new), listed(&old)] });
        let jwks = signer(&[old, new]).jwks();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&jwks).unwrap(), expected);
    }

    #[test]
    fn times_are_checked_to_the_second() {
        let signer = signer(&[Keys::new().make()]);
        let token = signer.sign(&claims()).unwrap();
        let verify = |seconds| signer.verify(token.expose(), now() + SignedDuration::from_secs(seconds));
        assert!(verify(3599).is_ok());
        assert_eq!(verify(3600), Err(TokenRejected::Expired));
        assert!(verify(-60).is_ok(), "another instance's clock may be a minute behind");
        assert_eq!(verify(-61), Err(TokenRejected::Invalid));
        let backwards = AccessClaims { expires_at: claims().issued_at, ..claims() };
        let backwards = signer.sign(&backwards).unwrap();
        let before = now() - SignedDuration::from_secs(1);
        assert_eq!(signer.verify(backwards.expose(), before), Err(TokenRejected::Invalid));
    }

    #[test]
    fn tokens_of_another_issuer_or_audience_are_refused() {
        let key = Keys::new().make();
        for other in [
            Issuing { issuer: "https://other.test".to_owned(), ..issuing() },
            Issuing { audience: "other".to_owned(), ..issuing() },
        ] {
            let other = Ed25519Signer::new(std::slice::from_ref(&key), &TransparentSealer, other).unwrap();
            let token = other.sign(&claims()).unwrap();
            let verified = signer(std::slice::from_ref(&key)).verify(token.expose(), now());
            assert_eq!(verified, Err(TokenRejected::Invalid));
        }
    }

    #[test]
    fn no_token_is_believed_that_was_not_signed_by_one_of_the_keys() {
        let keys = Keys::new();
        let (key, stranger) = (keys.make(), keys.make());
        let ours = signer(std::slice::from_ref(&key));
        let good = Forgery::of(ours.sign(&claims()).unwrap().expose());
        assert!(ours.verify(&good.text(), now()).is_ok());

        let foreign = signer(std::slice::from_ref(&stranger)).sign(&claims()).unwrap();
        let foreign = Forgery::of(foreign.expose());
        let public = public(&key);
        let refused = [
            ("an unknown key", foreign.text()),
            ("another's signature under our key's name", foreign.header("kid", &key.id).text()),
            ("no algorithm", good.header("alg", "none").text()),
            ("no algorithm, no signature", good.header("alg", "none").signature(b"").text()),
            ("no signature", good.signature(b"").text()),
            ("HS256 under the public key", good.header("alg", "HS256").hmac(&public).text()),
            ("HS512 header", good.header("alg", "HS512").text()),
            ("an ID token", good.header("typ", "JWT").text()),
            ("altered claims", good.claim("username", "root").text()),
            ("altered times", good.claim("jti", "token-2").text()),
            ("a cut token", good.text()[..40].to_owned()),
            ("a fourth part", format!("{}.e30", good.text())),
            ("no token", String::new()),
            ("dots", "..".to_owned()),
        ];
        for (what, token) in refused {
            assert_eq!(ours.verify(&token, now()), Err(TokenRejected::Invalid), "{what}");
        }
    }

    #[test]
    fn keys_that_cannot_be_used_say_why() {
        let new = |keys: &[StoredSigningKey]| Ed25519Signer::new(keys, &TransparentSealer, issuing()).err();
        let key = Keys::new().make();
        assert_eq!(new(&[]), Some(SigningKeyError::NoKey));
        let elsewhere = TransparentSealer.seal("elsewhere", b"");
        let sealed = StoredSigningKey { private: elsewhere, ..key.clone() };
        assert_eq!(new(&[sealed]), Some(SigningKeyError::Sealed(key.id.clone())));
        let junk = TransparentSealer.seal(StoredSigningKey::PURPOSE, b"junk");
        let damaged = StoredSigningKey { private: junk, ..key.clone() };
        assert_eq!(new(&[damaged]), Some(SigningKeyError::Damaged(key.id)));
    }
}
