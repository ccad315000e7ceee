use crate::stub::{Request, Script, Stub, reply};
use crate::{challenge, client, identify, rejection, trouble};
use aws_lc_rs::hmac;
use jiff::SignedDuration;
use serde_json::{Value, json};
use square_accounts::Provider;
use square_accounts::ports::identity::{ExternalIdentity, IdentityError, IdentityProvider, Proof};
use square_identity_providers::{Facebook, FacebookSettings};
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, Secret};
use std::sync::Arc;

const TOKEN: &str = "EAAB|token&more";
const PERSON: &str = "10158000000000001";

fn seconds(from_now: i64) -> i64 {
    (ManualClock::default().now() + SignedDuration::from_secs(from_now)).as_second()
}

/// What is said of a token that is good.
fn good() -> Value {
    json!({
        "app_id": "1234567890", "type": "USER", "application": "Square", "data_access_expires_at": seconds(7_776_000),
        "expires_at": seconds(3600), "is_valid": true, "issued_at": seconds(-60), "scopes": ["email", "public_profile"],
        "user_id": PERSON,
    })
}

fn ada() -> Value {
    json!({ "id": PERSON, "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org" })
}

/// The Graph API as Facebook documents it.
fn graph(request: &Request, inspection: &Value, person: &Value) -> Script {
    let parameter = |name: &str| request.query.get(name).map_or("", String::as_str);
    let refusal = |code: i64| {
        reply(
            400,
            json!({ "error": { "message": "...", "type": "OAuthException", "code": code, "fbtrace_id": "A" } }),
        )
    };
    match request.call.as_str() {
        "GET /v24.0/debug_token" if parameter("access_token") != "1234567890|app secret" => refusal(190),
        "GET /v24.0/debug_token" if parameter("input_token") == TOKEN => {
            reply(200, json!({ "data": inspection }))
        }
        "GET /v24.0/debug_token" => reply(
            200,
            json!({ "data": { "error": { "code": 190, "message": "Invalid OAuth access token." }, "is_valid": false, "scopes": [] } }),
        ),
        "GET /v24.0/me" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, b"app secret");
            let tag = hmac::sign(&key, TOKEN.as_bytes());
            let proof = hexadecimal(tag.as_ref());
            if (parameter("access_token"), parameter("appsecret_proof")) != (TOKEN, &proof) {
                return refusal(100);
            }
            reply(200, person)
        }
        _ => reply(404, "{}"),
    }
}

async fn saying(inspection: Value, person: Value) -> Stub {
    Stub::start(move |request| graph(request, &inspection, &person)).await
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn provider(stub: &Stub, secret: &str) -> Facebook {
    let settings = FacebookSettings {
        app_id: "1234567890".to_owned(),
        app_secret: Secret::new(secret),
        authorize_url: stub.url("/v24.0/dialog/oauth"),
        graph_url: stub.url("/v24.0/"),
        redirect_uri: "https://square.test/back".to_owned(),
    };
    Facebook::new(client(), settings, Arc::new(ManualClock::default()))
}

fn proof(token: &str, subject: &str) -> Proof {
    Proof::AccessToken { token: Secret::new(token), subject: subject.to_owned() }
}

async fn asked(stub: &Stub) -> Result<ExternalIdentity, IdentityError> {
    identify(&provider(stub, "app secret"), &proof(TOKEN, PERSON)).await
}

#[tokio::test]
async fn a_token_that_facebook_gave_for_us_shows_who_somebody_is() {
    let stub = saying(good(), ada()).await;
    let identity = asked(&stub).await.unwrap();
    assert_eq!(identity.subject.as_str(), PERSON);
    let names = (identity.name.as_str(), identity.first_name.as_str(), identity.last_name.as_str());
    assert_eq!(names, ("Ada Lovelace", "Ada", "Lovelace"));
    let email = identity.email.unwrap();
    assert_eq!((email.address.as_str(), email.vouched), ("ada@example.org", false));
    assert_eq!(identity.grant.expires_at.unwrap().as_second(), seconds(3600));
    assert_eq!(identity.grant.scope.as_str(), "email public_profile");
    assert_eq!(stub.calls(), ["GET /v24.0/debug_token", "GET /v24.0/me"]);
}

#[tokio::test]
async fn a_token_without_an_end_and_a_person_without_an_address_do() {
    let mut endless = good();
    endless["expires_at"] = 0.into();
    let identity = asked(&saying(endless, json!({ "id": PERSON })).await).await.unwrap();
    assert_eq!((identity.grant.expires_at, identity.email), (None, None));
}

#[tokio::test]
async fn a_token_of_another_application_person_or_time_is_rejected() {
    let with = |name: &str, value: Value| {
        let mut inspection = good();
        inspection[name] = value;
        inspection
    };
    for (inspection, person, wanted) in [
        (with("is_valid", false.into()), ada(), "the access token is not good, or not any more"),
        (with("app_id", "987".into()), ada(), "the access token is another application's"),
        (with("app_id", Value::Null), ada(), "the access token is another application's"),
        (with("user_id", "987".into()), ada(), "the access token is another person's"),
        (with("user_id", Value::Null), ada(), "the access token is another person's"),
        (with("type", "PAGE".into()), ada(), "the access token is not a person's"),
        (with("expires_at", seconds(0).into()), ada(), "the access token has expired"),
        (with("expires_at", i64::MAX.into()), ada(), "the access token is not good, or not any more"),
        (good(), json!({ "id": "987", "name": "Mallory" }), "the access token is another person's"),
    ] {
        assert_eq!(rejection(asked(&saying(inspection.clone(), person).await).await), wanted, "{inspection}");
    }
}

#[tokio::test]
async fn a_token_that_facebook_never_gave_is_rejected() {
    let stub = saying(good(), ada()).await;
    let provider = provider(&stub, "app secret");
    let refused = identify(&provider, &proof("made up", PERSON)).await;
    assert_eq!(rejection(refused), "the access token is not good, or not any more");
    for wrong in ["", "987"] {
        let refused = identify(&provider, &proof(TOKEN, wrong)).await;
        assert_eq!(rejection(refused), "the access token is another person's");
    }
    let refused = identify(&provider, &Proof::Code(Secret::new("code"))).await;
    assert_eq!(rejection(refused), "Facebook is asked with an access token");
}

#[tokio::test]
async fn facebook_may_refuse_and_fail() {
    let stub = saying(good(), ada()).await;
    let refused = identify(&provider(&stub, "old secret"), &proof(TOKEN, PERSON)).await;
    assert_eq!(rejection(refused), "the access token is not good, or not any more");
    let limited = json!({ "error": { "message": "(#4) Application request limit reached", "type": "OAuthException", "code": 4 } });
    for (call, status, body) in [
        ("GET /v24.0/debug_token", 500, "{}".to_owned()),
        ("GET /v24.0/debug_token", 400, "<html>".to_owned()),
        ("GET /v24.0/debug_token", 403, limited.to_string()),
        ("GET /v24.0/debug_token", 200, "{}".to_owned()),
        ("GET /v24.0/me", 500, "{}".to_owned()),
        ("GET /v24.0/me", 200, "{}".to_owned()),
    ] {
        stub.turn(
            move |request| {
                if request.call == call { reply(status, &body) } else { graph(request, &good(), &ada()) }
            },
        );
        let told = trouble(asked(&stub).await);
        assert!(!told.contains("token") && !told.contains("secret"), "{told}");
    }
}

#[tokio::test]
async fn a_browser_begins_with_the_state() {
    let stub = saying(good(), ada()).await;
    let provider = provider(&stub, "app secret");
    assert_eq!(provider.provider(), Provider::Facebook);
    assert_eq!(
        provider.authorize_url(&challenge()).strip_prefix(&stub.url("/v24.0/dialog/oauth")).unwrap(),
        "?response_type=token&client_id=1234567890&redirect_uri=https%3A%2F%2Fsquare.test%2Fback\
         &scope=email%2Cpublic_profile&state=the+state"
    );
}
