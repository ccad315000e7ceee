use crate::stub::{Request, Script, Stub, reply};
use crate::tokens::{SigningKey, hmac, unsigned};
use crate::{challenge, client, identify, impatient, rejection, trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};
use square_accounts::Provider;
use square_accounts::ports::identity::{Expected, ExternalIdentity, IdentityError, IdentityProvider, Proof};
use square_identity_providers::{Google, GoogleSettings, ProviderClient};
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, Secret};
use std::sync::Arc;
use tokio::sync::Notify;

const CLIENT: &str = "square.apps.googleusercontent.com";

/// Google with its keys, this server's application there, and the time.
struct World {
    stub: Stub,
    google: Google,
    clock: Arc<ManualClock>,
}

impl World {
    async fn with(keys: &[&SigningKey]) -> Self {
        Self::through(client(), keys).await
    }

    async fn through(client: ProviderClient, keys: &[&SigningKey]) -> Self {
        let stub = Stub::start(listing(keys)).await;
        let clock = Arc::new(ManualClock::default());
        let settings = GoogleSettings {
            client_id: CLIENT.to_owned(),
            authorize_url: stub.url("/o/oauth2/v2/auth"),
            keys_url: stub.url("/oauth2/v3/certs"),
            issuer: "https://accounts.google.com".to_owned(),
            redirect_uri: "https://square.test/back".to_owned(),
        };
        let google = Google::new(client, settings, clock.clone());
        Self { stub, google, clock }
    }

    async fn asked(&self, token: impl Into<String>) -> Result<ExternalIdentity, IdentityError> {
        identify(&self.google, &Proof::IdToken(Secret::new(token))).await
    }

    async fn asked_with(
        &self,
        token: String,
        nonce: Option<&str>,
    ) -> Result<ExternalIdentity, IdentityError> {
        let expected = Expected { nonce: nonce.map(Secret::new), verifier: None };
        self.google.identify(&Proof::IdToken(Secret::new(token)), &expected).await
    }

    /// A token of the present moment.
    fn signed(&self, key: &SigningKey) -> String {
        key.sign(&self.claims())
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({
            "iss": "https://accounts.google.com", "azp": CLIENT, "aud": CLIENT, "sub": "110169484474386276334",
            "hd": "example.org", "email": "Ada@example.org", "email_verified": true, "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "iat": now, "exp": now + 3600,
        })
    }

    fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }
}

/// Answers with these keys, to be kept for six hours.
fn listing(keys: &[&SigningKey]) -> impl Fn(&Request) -> Script + Send + Sync + 'static {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    let body = json!({ "keys": keys }).to_string();
    move |_| {
        let headers = "cache-control: public, max-age=21600, must-revalidate, no-transform\r\n".to_owned();
        Script::Reply { status: 200, headers, body: body.clone() }
    }
}

const FORGED: &str = "the ID token is not signed by the provider";
const UNKNOWN_KEY: &str = "the ID token is signed with a key that is not the provider's";

#[tokio::test]
async fn a_token_signed_by_google_shows_who_somebody_is() {
    for key in [SigningKey::rsa("one"), SigningKey::p256("one")] {
        let world = World::with(&[&key]).await;
        let identity = world.asked(world.signed(&key)).await.unwrap();
        assert_eq!(identity.subject.as_str(), "110169484474386276334");
        let names = (identity.name.as_str(), identity.first_name.as_str(), identity.last_name.as_str());
        assert_eq!(names, ("Ada Lovelace", "Ada", "Lovelace"));
        let email = identity.email.unwrap();
        assert_eq!((email.address.as_str(), email.vouched), ("ada@example.org", true));
        assert_eq!(identity.grant.access_token, None);
        // Both names of the issuer, and an audience in a list of its own.
        for (name, value) in [("iss", json!("accounts.google.com")), ("aud", json!([CLIENT]))] {
            assert!(world.asked(key.sign(&world.claims_with(name, value))).await.is_ok(), "{name}");
        }
        assert_eq!(world.stub.calls(), ["GET /oauth2/v3/certs"]);
    }
}

#[tokio::test]
async fn an_address_that_google_does_not_vouch_for_is_told_as_such() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    for (value, wanted) in [(json!(false), false), (json!("true"), true), (Value::Null, false)] {
        let identity = world.asked(key.sign(&world.claims_with("email_verified", value))).await.unwrap();
        assert_eq!(identity.email.unwrap().vouched, wanted);
    }
    let mut claims = world.claims();
    claims.as_object_mut().unwrap().remove("email");
    assert_eq!(world.asked(key.sign(&claims)).await.unwrap().email, None);
}

#[tokio::test]
async fn claims_that_are_not_for_us_and_now_are_rejected() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    let now = world.clock.now().as_second();
    for (name, value, wanted) in [
        ("iss", json!("https://accounts.evil.test"), "the ID token is another provider's"),
        ("iss", json!("http://accounts.google.com"), "the ID token is another provider's"),
        ("iss", Value::Null, "that is no ID token"),
        ("aud", json!("other.apps.googleusercontent.com"), "the ID token is another application's"),
        ("aud", json!([CLIENT, "other"]), "the ID token is another application's"),
        ("aud", json!([]), "the ID token is another application's"),
        ("aud", json!(""), "the ID token is another application's"),
        ("aud", Value::Null, "that is no ID token"),
        ("exp", json!(now), "the ID token has expired"),
        ("exp", json!(now - 3600), "the ID token has expired"),
        ("exp", json!("never"), "that is no ID token"),
        ("exp", Value::Null, "that is no ID token"),
        ("exp", json!(i64::MAX), "that is no ID token"),
        ("iat", json!(now + 301), "the ID token is not good yet"),
        ("nbf", json!(now + 301), "the ID token is not good yet"),
        ("sub", json!(""), "the ID token does not say whose it is"),
        ("sub", json!("x".repeat(256)), "the ID token does not say whose it is"),
        ("sub", Value::Null, "that is no ID token"),
    ] {
        let claims = world.claims_with(name, value.clone());
        assert_eq!(rejection(world.asked(key.sign(&claims)).await), wanted, "{name}: {value}");
    }
    // Its clock may be a little ahead of ours.
    assert!(world.asked(key.sign(&world.claims_with("iat", json!(now + 300)))).await.is_ok());
}

#[tokio::test]
async fn no_token_is_believed_that_google_did_not_sign() {
    let (key, stranger, curve) = (SigningKey::rsa("one"), SigningKey::rsa("one"), SigningKey::p256("two"));
    let world = World::with(&[&key, &curve]).await;
    let claims = world.claims();
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid, "typ": "JWT" });
    let good = key.sign(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut altered = world.claims();
    altered["sub"] = "1".into();
    let foreign = key.sign(&altered);
    let (altered, _) = foreign.rsplit_once('.').unwrap();
    let mut refused = vec![
        ("another's signature under its key's name", stranger.sign(&claims), FORGED),
        ("altered claims", format!("{altered}.{signature}"), FORGED),
        ("a signature cut short", good[..good.len() - 4].to_owned(), FORGED),
        ("no signature", format!("{message}."), FORGED),
        ("no algorithm", unsigned(&header("none", "one"), &claims), "that is no ID token"),
        ("no algorithm, a signature", key.sign_as(&header("none", "one"), &claims), "that is no ID token"),
        ("an unknown algorithm", key.sign_as(&header("RS1", "one"), &claims), "that is no ID token"),
        (
            "an algorithm it does not use",
            key.sign_as(&header("RS512", "one"), &claims),
            "that is no ID token",
        ),
        ("a key of another kind", curve.sign_as(&header("ES256", "one"), &claims), UNKNOWN_KEY),
        ("an algorithm of another key", key.sign_as(&header("RS256", "two"), &claims), UNKNOWN_KEY),
        ("no key's name", key.sign_as(&json!({ "alg": "RS256" }), &claims), "that is no ID token"),
        ("an unknown key", SigningKey::p256("three").sign(&claims), UNKNOWN_KEY),
        (
            "an extension that must be understood",
            key.sign_as(&json!({ "alg": "RS256", "kid": "one", "crit": ["b64"] }), &claims),
            "that is no ID token",
        ),
        ("claims that are no object", key.sign(&json!("claims")), "that is no ID token"),
        ("a fourth part", format!("{good}.e30"), "that is no ID token"),
        ("junk", "junk".to_owned(), "that is no ID token"),
        ("nothing", String::new(), "that is no ID token"),
        ("dots", "..".to_owned(), "that is no ID token"),
        ("far too much", format!("{good}{}", "A".repeat(20_000)), "that is no ID token"),
    ];
    for secret in key.public_forms() {
        let confused = hmac(&header("HS256", "one"), &claims, &secret);
        refused.push(("HS256 under the public key", confused, "that is no ID token"));
    }
    for (what, token, wanted) in refused {
        assert_eq!(rejection(world.asked(token).await), wanted, "{what}");
    }
    assert!(world.asked(good).await.is_ok());
}

#[tokio::test]
async fn a_nonce_binds_a_token_to_a_sign_in() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    let bound = || key.sign(&world.claims_with("nonce", json!("mine")));
    assert!(world.asked_with(bound(), Some("mine")).await.is_ok());
    let told = rejection(world.asked_with(bound(), Some("yours")).await);
    assert_eq!(told, "the nonce of the ID token is another sign-in's");
    let told = rejection(world.asked_with(bound(), None).await);
    assert_eq!(told, "the nonce of the ID token has to be sent along");
    let told = rejection(world.asked_with(world.signed(&key), Some("mine")).await);
    assert_eq!(told, "the nonce of the ID token is another sign-in's");
}

#[tokio::test]
async fn a_key_that_google_takes_up_is_found_at_once_and_one_it_gave_up_not_any_more() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let world = World::with(&[&old]).await;
    assert!(world.asked(world.signed(&old)).await.is_ok());
    world.stub.turn(listing(&[&new]));
    world.pass(1);
    assert!(world.asked(world.signed(&new)).await.is_ok());
    assert_eq!(rejection(world.asked(world.signed(&old)).await), UNKNOWN_KEY);
    assert_eq!(world.stub.calls().len(), 2);
}

#[tokio::test]
async fn unknown_keys_are_asked_for_once_a_minute_at_most() {
    let (key, other) = (SigningKey::p256("one"), SigningKey::p256("two"));
    let world = World::with(&[&key]).await;
    let made_up = |world: &World| other.sign(&world.claims());
    for calls in 1..4 {
        let asking = (0..32).map(|_| world.asked(made_up(&world)));
        for asked in asking {
            assert_eq!(rejection(asked.await), UNKNOWN_KEY);
        }
        assert!(world.asked(world.signed(&key)).await.is_ok());
        assert_eq!(world.stub.calls().len(), calls);
        world.pass(1);
    }
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let key = SigningKey::p256("one");
    let world = Arc::new(World::with(&[&key]).await);
    let token = world.signed(&key);
    let asking: Vec<_> = (0..32)
        .map(|_| {
            let (world, token) = (world.clone(), token.clone());
            tokio::spawn(async move { world.asked(token).await })
        })
        .collect();
    for asked in asking {
        assert!(asked.await.unwrap().is_ok());
    }
    assert_eq!(world.stub.calls().len(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_takes_no_ones_keys_along() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    let until = Arc::new(Notify::new());
    let held = Script::Hold { until: until.clone(), body: json!({ "keys": [key.public()] }).to_string() };
    world.stub.turn(move |_| held.clone());
    let google_is_asked = async {
        while world.stub.calls().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        asked = world.asked(world.signed(&key)) => unreachable!("keys that were held back: {asked:?}"),
        () = google_is_asked => {}
    }
    // The one who asked is gone; who comes now waits for what they began.
    let (comes, ()) = tokio::join!(world.asked(world.signed(&key)), async { until.notify_one() });
    assert!(comes.is_ok());
    assert_eq!(world.stub.calls().len(), 1);
}

#[tokio::test]
async fn keys_are_kept_as_long_as_google_says_and_asked_for_again_then() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    for (minutes, calls) in [(0, 1), (359, 1), (1, 2), (1, 2)] {
        world.pass(minutes);
        assert!(world.asked(world.signed(&key)).await.is_ok());
        assert_eq!(world.stub.calls().len(), calls, "{minutes}");
    }
}

#[tokio::test]
async fn old_keys_do_while_google_is_away_but_not_for_ever() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    assert!(world.asked(world.signed(&key)).await.is_ok());
    world.stub.turn(|_| reply(500, ""));
    world.pass(6 * 60);
    for _ in 0..3 {
        assert!(world.asked(world.signed(&key)).await.is_ok());
    }
    assert_eq!(world.stub.calls().len(), 2, "who is away is not asked for every sign-in");
    world.pass(24 * 60 - 1);
    assert!(world.asked(world.signed(&key)).await.is_ok());
    world.pass(1);
    assert_eq!(trouble(world.asked(world.signed(&key)).await), "the provider's keys are not known");
    world.stub.turn(listing(&[&key]));
    world.clock.advance(SignedDuration::from_secs(5));
    assert!(world.asked(world.signed(&key)).await.is_ok());
}

#[tokio::test]
async fn old_keys_do_also_while_google_is_slow() {
    let key = SigningKey::p256("one");
    let world = World::through(impatient(), &[&key]).await;
    assert!(world.asked(world.signed(&key)).await.is_ok());
    world.stub.turn(|_| Script::SendAndHang(Vec::new()));
    world.pass(6 * 60);
    assert!(world.asked(world.signed(&key)).await.is_ok());
}

#[tokio::test]
async fn without_any_keys_nobody_signs_in_until_there_are_some() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    for body in ["", "{}", r#"{"keys": []}"#, r#"{"keys": "none"}"#, "<html>"] {
        world.stub.turn(move |_| reply(200, body));
        assert_eq!(
            trouble(world.asked(world.signed(&key)).await),
            "the provider's keys are not known",
            "{body}"
        );
        world.clock.advance(SignedDuration::from_secs(5));
    }
    let mut encrypting = key.public();
    encrypting["use"] = "enc".into();
    let mut other_algorithm = key.public();
    other_algorithm["alg"] = "ES384".into();
    let mut nameless = key.public();
    nameless.as_object_mut().unwrap().remove("kid");
    let useless = json!({ "keys": [encrypting, other_algorithm, nameless, { "kty": "oct", "k": "AAAA", "kid": "one" }, 7] });
    world.stub.turn(move |_| reply(200, &useless));
    assert_eq!(trouble(world.asked(world.signed(&key)).await), "the provider's keys are not known");
    world.clock.advance(SignedDuration::from_secs(5));

    // One that cannot be read does not hide the others.
    let mixed = json!({ "keys": [{ "kty": "new", "kid": "one" }, key.public()] });
    world.stub.turn(move |_| reply(200, &mixed));
    assert!(world.asked(world.signed(&key)).await.is_ok());
}

#[tokio::test]
async fn another_kind_of_proof_is_rejected_without_a_call() {
    let key = SigningKey::p256("one");
    let world = World::with(&[&key]).await;
    let refused = identify(&world.google, &Proof::Code(Secret::new("code"))).await;
    assert_eq!(rejection(refused), "Google is asked with an ID token");
    assert!(world.stub.calls().is_empty());
}

#[tokio::test]
async fn a_browser_begins_with_the_state_and_a_nonce() {
    let world = World::with(&[]).await;
    assert_eq!(world.google.provider(), Provider::Google);
    assert_eq!(
        world.google.authorize_url(&challenge()).strip_prefix(&world.stub.url("/o/oauth2/v2/auth")).unwrap(),
        "?response_type=id_token&client_id=square.apps.googleusercontent.com\
         &redirect_uri=https%3A%2F%2Fsquare.test%2Fback&scope=openid+profile+email&state=the+state&nonce=the-nonce"
    );
}
