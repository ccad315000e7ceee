use crate::claims::{Claims, Issuing};
use crate::verifying::{Verifying, header};
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::json;
use square_accounts::AccessClaims;
use square_accounts::ports::{KeyRing, SigningKeyError, StoredSigningKey, TokenRejected, TokenSigner};
use square_kernel::{Randomness, Sealer, Secret, Unavailable};
use std::collections::HashMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Signs access tokens by Ed25519 (RFC 8037). Which of its keys signs follows from when a token is issued, so that all instances that
/// know the same keys make the same token of the same claims; all keys verify. Until it is given keys it does neither.
pub struct Ed25519Signer {
    issuing: Issuing,
    verifying: Verifying,
    sealer: Arc<dyn Sealer>,
    randomness: Arc<dyn Randomness>,
    held: ArcSwap<Held>,
}

/// The keys, opened.
#[derive(Default)]
struct Held {
    /// Newest first.
    signing: Vec<SigningKey>,
    verifying: HashMap<String, DecodingKey>,
    jwks: Arc<str>,
}

struct SigningKey {
    header: Header,
    key: EncodingKey,
    signs_from: Timestamp,
}

impl Ed25519Signer {
    /// Will open keys by `sealer` and seal the ones it makes, from `randomness`.
    pub fn new(sealer: Arc<dyn Sealer>, randomness: Arc<dyn Randomness>, issuing: Issuing) -> Self {
        let verifying = Verifying::new(Algorithm::EdDSA, issuing.clone());
        let none = Held { jwks: r#"{"keys":[]}"#.into(), ..Held::default() };
        Self { issuing, verifying, sealer, randomness, held: ArcSwap::from_pointee(none) }
    }
}

impl KeyRing for Ed25519Signer {
    /// The identifier is the public key's thumbprint (RFC 7638).
    fn make(&self, created_at: Timestamp, signs_from: Timestamp) -> StoredSigningKey {
        let mut seed = Zeroizing::new([0; 32]);
        self.randomness.fill(&mut *seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("any 32 bytes are a seed");
        let pkcs8 = pair.to_pkcs8().expect("a key that was just made can be written");
        let private = self.sealer.seal(StoredSigningKey::PURPOSE, pkcs8.as_ref());
        StoredSigningKey { id: thumbprint(&pair), private, created_at, signs_from }
    }

    fn hold(&self, keys: &[StoredSigningKey]) -> Result<(), SigningKeyError> {
        if keys.is_empty() {
            return Err(SigningKeyError::NoKey);
        }
        let (mut held, mut listed) = (Held::default(), Vec::new());
        for key in keys {
            let pkcs8 = self.sealer.open(StoredSigningKey::PURPOSE, &key.private);
            let pkcs8 = pkcs8.map_err(|cause| SigningKeyError::Sealed { id: key.id.clone(), cause })?;
            let pair = Ed25519KeyPair::from_pkcs8(&pkcs8);
            let pair = pair.map_err(|_| SigningKeyError::Damaged(key.id.clone()))?;
            held.signing.push(SigningKey {
                header: header(Algorithm::EdDSA, &key.id),
                key: EncodingKey::from_ed_der(&pkcs8),
                signs_from: key.signs_from,
            });
            held.verifying.insert(key.id.clone(), DecodingKey::from_ed_der(pair.public_key().as_ref()));
            listed.push(json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id, "x": public_text(&pair),
            }));
        }
        held.jwks = json!({ "keys": listed }).to_string().into();
        self.held.store(Arc::new(held));
        Ok(())
    }
}

impl Held {
    /// The key that signs what is issued at a moment: the newest whose time had come. Where clocks have gone backwards there may be
    /// none, and the oldest signs.
    fn signing_at(&self, issued_at: Timestamp) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.signs_from <= issued_at).or(self.signing.last())
    }
}

impl TokenSigner for Ed25519Signer {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable> {
        let held = self.held.load();
        let none = || Unavailable::new(SigningKeyError::NoKey);
        let signing = held.signing_at(claims.issued_at).ok_or_else(none)?;
        let claims = Claims::new(claims, &self.issuing);
        let token = jsonwebtoken::encode(&signing.header, &claims, &signing.key);
        token.map(Secret::new).map_err(Unavailable::new)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected> {
        let held = self.held.load();
        self.verifying.verify(token, now, |id| held.verifying.get(id))
    }

    fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.held.load().jwks)
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
    use square_kernel::testing::{NamedSealer, TransparentSealer};
    use square_kernel::{KeyId, OsRandomness, SealBroken};
    use std::cell::Cell;

    struct Keys {
        ring: Ed25519Signer,
        at: Cell<Timestamp>,
    }

    impl Keys {
        fn new() -> Self {
            Self { ring: empty(issuing()), at: Cell::new(now() - SignedDuration::from_mins(1)) }
        }

        /// Makes one that signs a second after the one before, well before the tests' tokens are issued.
        fn make(&self) -> StoredSigningKey {
            self.at.set(self.at.get() + SignedDuration::from_secs(1));
            self.ring.make(self.at.get(), self.at.get())
        }
    }

    fn empty(issuing: Issuing) -> Ed25519Signer {
        Ed25519Signer::new(Arc::new(TransparentSealer), Arc::new(OsRandomness), issuing)
    }

    fn signer_of(keys: &[StoredSigningKey], issuing: Issuing) -> Ed25519Signer {
        let signer = empty(issuing);
        signer.hold(keys).unwrap();
        signer
    }

    fn signer(keys: &[StoredSigningKey]) -> Ed25519Signer {
        signer_of(keys, issuing())
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
        let square = signer_of(&[key], square);
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
        let square = signer_of(std::slice::from_ref(&key), square);
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
    fn the_newest_key_signs_once_its_time_has_come_and_all_verify() {
        let keys = Keys::new();
        let (old, mut new) = (keys.make(), keys.make());
        new.signs_from = claims().issued_at + SignedDuration::from_secs(1);
        let both = signer(&[new.clone(), old.clone()]);
        let signed = |seconds| {
            let issued_at = claims().issued_at + SignedDuration::from_secs(seconds);
            both.sign(&AccessClaims { issued_at, ..claims() }).unwrap()
        };
        for (seconds, key) in [(0, &old), (1, &new), (2, &new)] {
            let token = signed(seconds);
            assert_eq!(Forgery::of(token.expose()).header["kid"], json!(key.id), "{seconds}");
            assert!(both.verify(token.expose(), now()).is_ok());
        }
        // Whoever knows only the new one takes nothing that the old one has signed.
        both.hold(&[new]).unwrap();
        let before = signer_of(&[old], issuing()).sign(&claims()).unwrap();
        assert_eq!(both.verify(before.expose(), now()), Err(TokenRejected::Invalid));
    }

    #[test]
    fn a_clock_that_goes_backwards_leaves_a_key_that_signs() {
        let mut key = Keys::new().make();
        key.signs_from = now() + SignedDuration::from_hours(1);
        let token = signer(std::slice::from_ref(&key)).sign(&claims()).unwrap();
        assert_eq!(Forgery::of(token.expose()).header["kid"], json!(key.id));
    }

    #[test]
    fn without_keys_nothing_is_signed_verified_or_listed() {
        let token = signer(&[Keys::new().make()]).sign(&claims()).unwrap();
        let empty = empty(issuing());
        assert!(empty.sign(&claims()).is_err());
        assert_eq!(empty.verify(token.expose(), now()), Err(TokenRejected::Invalid));
        assert_eq!(&*empty.jwks(), r#"{"keys":[]}"#);
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
        let jwks = signer(&[new, old]).jwks();
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
            let other = signer_of(std::slice::from_ref(&key), other);
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
    fn keys_that_cannot_be_used_say_why_and_the_others_stay() {
        let key = Keys::new().make();
        let signer = signer(std::slice::from_ref(&key));
        let jwks = signer.jwks();
        let refused = |keys: &[StoredSigningKey]| signer.hold(keys).err();
        assert_eq!(refused(&[]), Some(SigningKeyError::NoKey));
        let (id, elsewhere) = (key.id.clone(), TransparentSealer.seal("elsewhere", b""));
        let sealed = StoredSigningKey { private: elsewhere, ..key.clone() };
        let altered = SigningKeyError::Sealed { id: id.clone(), cause: SealBroken::Altered };
        assert_eq!(refused(&[key.clone(), sealed]), Some(altered));
        let junk = TransparentSealer.seal(StoredSigningKey::PURPOSE, b"junk");
        let damaged = StoredSigningKey { private: junk, ..key };
        assert_eq!(refused(&[damaged]), Some(SigningKeyError::Damaged(id)));
        assert_eq!(signer.jwks(), jwks);
        assert!(signer.sign(&claims()).is_ok());
    }

    #[test]
    fn a_key_under_another_secret_is_told_apart() {
        let of =
            |sealer: NamedSealer| Ed25519Signer::new(Arc::new(sealer), Arc::new(OsRandomness), issuing());
        let key = of(NamedSealer::new(b"old ", &[])).make(now(), now());
        let cause = SealBroken::UnknownKey(KeyId(*b"old "));
        let refused = Err(SigningKeyError::Sealed { id: key.id.clone(), cause });
        assert_eq!(of(NamedSealer::new(b"new ", &[])).hold(std::slice::from_ref(&key)), refused);
        assert_eq!(of(NamedSealer::new(b"new ", &[b"old "])).hold(&[key]), Ok(()));
    }
}
