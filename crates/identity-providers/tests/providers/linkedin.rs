use crate::stub::{Request, Script, Stub, reply};
use crate::{challenge, client, code, identify, rejection, trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};
use square_accounts::Provider;
use square_accounts::ports::identity::{Expected, IdentityProvider, Proof};
use square_identity_providers::{Linkedin, LinkedinSettings};
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, Secret};
use std::sync::Arc;

const TOKEN: &str = "AQX-token";

/// LinkedIn as it documents itself; it answers code verifiers of confidential applications with an error.
fn linkedin(request: &Request, user: &Value) -> Script {
    let field = |name: &str| request.form.get(name).map_or("", String::as_str);
    match request.call.as_str() {
        "POST /oauth/v2/accessToken" => {
            if (field("client_id"), field("client_secret")) != ("id", "secret") {
                return reply(401, json!({ "error": "invalid_client", "error_description": "..." }));
            }
            let good = field("grant_type") == "authorization_code"
                && field("code") == "good"
                && field("redirect_uri") == "https://square.test/back"
                && !request.form.contains_key("code_verifier");
            if !good {
                return reply(400, json!({ "error": "invalid_request", "error_description": "..." }));
            }
            reply(
                200,
                json!({ "access_token": TOKEN, "expires_in": 5_184_000, "scope": "email,openid,profile" }),
            )
        }
        "GET /v2/userinfo" => match request.headers.get("authorization") {
            Some(value) if value == &format!("Bearer {TOKEN}") => reply(200, user),
            _ => reply(401, json!({ "status": 401, "code": "INVALID_ACCESS_TOKEN" })),
        },
        _ => reply(404, "{}"),
    }
}

fn ada() -> Value {
    json!({
        "sub": "782bbtaQ", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
        "picture": "https://media.example/ada", "locale": { "country": "GB", "language": "en" },
        "email": "ada@example.org", "email_verified": true,
    })
}

async fn telling(user: Value) -> Stub {
    Stub::start(move |request| linkedin(request, &user)).await
}

fn provider(stub: &Stub) -> Linkedin {
    let settings = LinkedinSettings {
        client_id: "id".to_owned(),
        client_secret: Secret::new("secret"),
        authorize_url: stub.url("/oauth/v2/authorization"),
        token_url: stub.url("/oauth/v2/accessToken"),
        userinfo_url: stub.url("/v2/userinfo"),
        redirect_uri: "https://square.test/back".to_owned(),
    };
    Linkedin::new(client(), settings, Arc::new(ManualClock::default()))
}

#[tokio::test]
async fn a_code_shows_who_somebody_is() {
    let stub = telling(ada()).await;
    let expected = Expected { verifier: Some(Secret::new("verifier")), nonce: Some(Secret::new("nonce")) };
    let identity = provider(&stub).identify(&code("good"), &expected).await.unwrap();
    assert_eq!(identity.subject.as_str(), "782bbtaQ");
    let names = (identity.name.as_str(), identity.first_name.as_str(), identity.last_name.as_str());
    assert_eq!(names, ("Ada Lovelace", "Ada", "Lovelace"));
    let email = identity.email.unwrap();
    assert_eq!((email.address.as_str(), email.vouched), ("ada@example.org", true));
    let until = ManualClock::default().now() + SignedDuration::from_secs(5_184_000);
    assert_eq!(identity.grant.expires_at, Some(until));
    assert_eq!(identity.grant.access_token, Some(Secret::new(TOKEN)));
}

#[tokio::test]
async fn an_address_counts_as_far_as_linkedin_vouches_for_it() {
    for (verified, wanted) in
        [(json!("true"), true), (json!(false), false), (json!("false"), false), (Value::Null, false)]
    {
        let mut user = ada();
        user["email_verified"] = verified;
        let identity = identify(&provider(&telling(user).await), &code("good")).await.unwrap();
        assert_eq!(identity.email.unwrap().vouched, wanted);
    }
    let nameless = json!({ "sub": "782bbtaQ" });
    let identity = identify(&provider(&telling(nameless).await), &code("good")).await.unwrap();
    assert_eq!(identity.email, None);
    assert_eq!(identity.name.given(), None);
}

#[tokio::test]
async fn a_code_that_is_not_good_is_rejected() {
    let stub = telling(ada()).await;
    let refused = identify(&provider(&stub), &code("used")).await;
    assert!(rejection(refused).starts_with("the provider does not take the code"));
    let refused = identify(&provider(&stub), &Proof::IdToken(Secret::new("token"))).await;
    assert_eq!(rejection(refused), "LinkedIn is asked with an authorization code");
}

#[tokio::test]
async fn trouble_is_told_without_what_was_sent() {
    let stub = telling(ada()).await;
    stub.turn(|_| reply(401, json!({ "error": "invalid_client", "error_description": "secret" })));
    let told = trouble(identify(&provider(&stub), &code("good")).await);
    assert_eq!(told, "the token endpoint refuses this server with the error invalid_client");
    for (status, user) in [(500, ada()), (403, ada()), (200, json!({ "sub": "" })), (200, json!([]))] {
        stub.turn(move |request| match request.call.as_str() {
            "GET /v2/userinfo" => reply(status, &user),
            _ => linkedin(request, &user),
        });
        let told = trouble(identify(&provider(&stub), &code("good")).await);
        assert!(!told.contains("ada") && !told.contains(TOKEN), "{told}");
    }
}

#[tokio::test]
async fn a_browser_begins_with_the_state() {
    let stub = telling(ada()).await;
    let provider = provider(&stub);
    assert_eq!(provider.provider(), Provider::Linkedin);
    assert_eq!(
        provider.authorize_url(&challenge()).strip_prefix(&stub.url("/oauth/v2/authorization")).unwrap(),
        "?response_type=code&client_id=id&redirect_uri=https%3A%2F%2Fsquare.test%2Fback\
         &scope=openid+profile+email&state=the+state"
    );
}
