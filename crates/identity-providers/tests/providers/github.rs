use crate::stub::{Request, Script, Stub, reply};
use crate::{challenge, client, code, identify, rejection, trouble};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::json;
use square_accounts::Provider;
use square_accounts::ports::identity::{Expected, ExternalIdentity, IdentityProvider, Proof};
use square_identity_providers::{Github, GithubSettings};
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, Secret};
use std::sync::Arc;

/// As whom the tests' server is known, and the one code that is good.
const ID: &str = "Iv1.square";
const SECRET: &str = "s3cr3t & more";
const CODE: &str = "good-code";
const TOKEN: &str = "gho_token";

/// The token endpoint as GitHub documents it: errors come with status 200.
fn exchange(request: &Request) -> Script {
    let field = |name: &str| request.form.get(name).map_or("", String::as_str);
    if (field("client_id"), field("client_secret")) != (ID, SECRET) {
        return reply(200, json!({ "error": "incorrect_client_credentials", "error_description": "..." }));
    }
    if field("redirect_uri") != "https://square.test/back" {
        return reply(200, json!({ "error": "redirect_uri_mismatch", "error_description": "..." }));
    }
    // This code was asked for with a challenge, the other one without.
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
    let bound = URL_SAFE_NO_PAD.encode(digest(&SHA256, b"the verifier"));
    let good = field("code") == CODE || (field("code") == "bound-code" && challenge == bound);
    if !good {
        return reply(200, json!({ "error": "bad_verification_code", "error_description": "..." }));
    }
    reply(200, json!({ "access_token": TOKEN, "scope": "read:user,user:email", "token_type": "bearer" }))
}

fn authorized(request: &Request) -> bool {
    request.headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
        && request.headers.get("user-agent").is_some_and(|agent| agent.starts_with("square/"))
}

fn github(request: &Request) -> Script {
    match request.call.as_str() {
        "POST /login/oauth/access_token" => exchange(request),
        _ if !authorized(request) => reply(401, json!({ "message": "Bad credentials" })),
        "GET /user" => reply(
            200,
            json!({ "id": 583_231, "login": "octocat", "name": "Mona\u{7} Lisa", "email": "shown@example.org" }),
        ),
        "GET /user/emails" => reply(
            200,
            json!([
                { "email": "second@example.org", "primary": false, "verified": true, "visibility": null },
                { "email": "Mona@Example.org", "primary": true, "verified": true, "visibility": "private" },
            ]),
        ),
        _ => reply(404, json!({ "message": "Not Found" })),
    }
}

fn provider(stub: &Stub) -> Github {
    Github::new(client(), settings(stub), Arc::new(ManualClock::default()))
}

pub(crate) fn settings(stub: &Stub) -> GithubSettings {
    GithubSettings {
        client_id: ID.to_owned(),
        client_secret: Secret::new(SECRET),
        authorize_url: stub.url("/login/oauth/authorize"),
        token_url: stub.url("/login/oauth/access_token"),
        api_url: stub.url("/"),
        redirect_uri: "https://square.test/back".to_owned(),
    }
}

async fn found(stub: &Stub) -> ExternalIdentity {
    identify(&provider(stub), &code(CODE)).await.unwrap()
}

/// GitHub, but for one call.
async fn but(call: &'static str, script: Script) -> Stub {
    Stub::start(move |request| if request.call == call { script.clone() } else { github(request) }).await
}

#[tokio::test]
async fn a_code_shows_who_somebody_is() {
    let stub = Stub::start(github).await;
    let identity = found(&stub).await;
    assert_eq!(identity.subject.as_str(), "583231");
    assert_eq!((identity.name.as_str(), identity.user_name.as_str()), ("Mona Lisa", "octocat"));
    let email = identity.email.unwrap();
    assert_eq!((email.address.as_str(), email.vouched), ("mona@example.org", true));
    assert_eq!(identity.grant.access_token, Some(Secret::new(TOKEN)));
    let told = (identity.grant.scope.as_str(), identity.grant.token_type.as_str(), identity.grant.expires_at);
    assert_eq!(told, ("read:user,user:email", "bearer", None));
    assert_eq!(stub.calls(), ["POST /login/oauth/access_token", "GET /user", "GET /user/emails"]);
    let [exchange, ..] = &stub.requests()[..] else { unreachable!("no call") };
    assert_eq!(exchange.headers["accept"], "application/json");
}

#[tokio::test]
async fn tokens_that_expire_are_kept_with_their_times() {
    let expiring = json!({
        "access_token": TOKEN, "expires_in": 28800, "refresh_token": "ghr_1", "refresh_token_expires_in": 15_897_600,
        "scope": "", "token_type": "bearer",
    });
    let grant = found(&but("POST /login/oauth/access_token", reply(200, expiring)).await).await.grant;
    let now = ManualClock::default().now();
    assert_eq!(grant.expires_at, Some(now + SignedDuration::from_secs(28800)));
    assert_eq!(grant.refresh_token, Some(Secret::new("ghr_1")));
    assert_eq!(grant.refresh_expires_at, Some(now + SignedDuration::from_secs(15_897_600)));
}

#[tokio::test]
async fn a_code_that_is_bound_to_a_challenge_needs_its_verifier() {
    let stub = Stub::start(github).await;
    let with = |verifier: Option<&str>| Expected { verifier: verifier.map(Secret::new), nonce: None };
    let provider = provider(&stub);
    assert!(provider.identify(&code("bound-code"), &with(Some("the verifier"))).await.is_ok());
    for wrong in [None, Some("another")] {
        let refused = provider.identify(&code("bound-code"), &with(wrong)).await;
        assert!(rejection(refused).starts_with("the provider does not take the code"));
    }
}

#[tokio::test]
async fn a_code_that_is_not_good_is_rejected_and_nothing_else_is_asked() {
    let stub = Stub::start(github).await;
    let refused = identify(&provider(&stub), &code("used")).await;
    assert!(rejection(refused).starts_with("the provider does not take the code"));
    assert_eq!(stub.calls().len(), 1);
    let plain = reply(400, json!({ "error": "invalid_grant" }));
    let refused = identify(&provider(&but("POST /login/oauth/access_token", plain).await), &code(CODE)).await;
    assert!(rejection(refused).starts_with("the provider does not take the code"));
}

#[tokio::test]
async fn a_server_that_is_set_up_wrongly_is_not_the_persons_fault() {
    let stub = Stub::start(github).await;
    for (change, word) in [
        (
            GithubSettings { client_secret: Secret::new("old"), ..settings(&stub) },
            "incorrect_client_credentials",
        ),
        (
            GithubSettings { redirect_uri: "https://other.test".to_owned(), ..settings(&stub) },
            "redirect_uri_mismatch",
        ),
    ] {
        let provider = Github::new(client(), change, Arc::new(ManualClock::default()));
        let told = trouble(identify(&provider, &code(CODE)).await);
        assert_eq!(told, format!("the token endpoint refuses this server with the error {word}"));
    }
}

#[tokio::test]
async fn an_address_counts_only_when_it_is_the_primary_one_and_verified() {
    let addresses = |primary: bool, verified: bool| json!([{ "email": "mona@example.org", "primary": primary, "verified": verified, "visibility": null }]);
    for (script, wanted) in [
        (reply(200, addresses(true, false)), Some(false)),
        (reply(200, addresses(false, true)), None),
        (reply(200, json!([])), None),
        // The scope was not granted.
        (reply(404, json!({ "message": "Not Found" })), None),
        (reply(403, json!({ "message": "Resource not accessible by integration" })), None),
        (reply(200, json!([{ "email": "no address", "primary": true, "verified": true }])), None),
    ] {
        let identity = found(&but("GET /user/emails", script.clone()).await).await;
        assert_eq!(identity.email.map(|email| email.vouched), wanted, "{script:?}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_trouble() {
    for (call, script) in [
        ("POST /login/oauth/access_token", reply(500, "{}")),
        ("POST /login/oauth/access_token", reply(200, "{}")),
        ("POST /login/oauth/access_token", reply(200, "<html>")),
        ("POST /login/oauth/access_token", reply(404, "<html>")),
        ("POST /login/oauth/access_token", reply(200, json!({ "access_token": "" }))),
        ("POST /login/oauth/access_token", reply(200, json!({ "access_token": "a\nb" }))),
        ("GET /user", reply(500, "")),
        ("GET /user", reply(200, json!({ "login": "octocat" }))),
        ("GET /user", reply(200, json!({ "id": "583231" }))),
        ("GET /user/emails", reply(502, "")),
        ("GET /user/emails", reply(200, json!({ "email": "mona@example.org" }))),
    ] {
        let told = trouble(identify(&provider(&but(call, script.clone()).await), &code(CODE)).await);
        assert!(!told.contains(TOKEN) && !told.contains("http"), "{call} {script:?}: {told}");
    }
}

#[tokio::test]
async fn a_limit_of_calls_is_no_word_about_the_proof() {
    let none_left = "x-ratelimit-limit: 5000\r\nx-ratelimit-remaining: 0\r\n";
    for (status, headers) in [(403, none_left), (403, "retry-after: 60\r\n"), (429, none_left), (429, "")] {
        let body = json!({ "error": "invalid_request", "message": "API rate limit exceeded" }).to_string();
        let limited = Script::Reply { status, headers: headers.to_owned(), body };
        for call in ["POST /login/oauth/access_token", "GET /user", "GET /user/emails"] {
            let told = trouble(identify(&provider(&but(call, limited.clone()).await), &code(CODE)).await);
            assert!(told.ends_with("wants fewer calls"), "{call} {status} {headers}: {told}");
        }
    }
    let some_left = "x-ratelimit-remaining: 4999\r\n".to_owned();
    let forbidden = Script::Reply { status: 403, headers: some_left, body: "{}".to_owned() };
    let refused = identify(&provider(&but("GET /user", forbidden).await), &code(CODE)).await;
    assert!(rejection(refused).starts_with("the provider does not take the code"));
}

#[tokio::test]
async fn another_kind_of_proof_is_rejected_without_a_call() {
    let stub = Stub::start(github).await;
    let refused = identify(&provider(&stub), &Proof::IdToken(Secret::new("token"))).await;
    assert_eq!(rejection(refused), "GitHub is asked with an authorization code");
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn a_browser_begins_with_the_state_and_a_challenge() {
    let stub = Stub::start(github).await;
    let provider = provider(&stub);
    assert_eq!(provider.provider(), Provider::Github);
    let url = provider.authorize_url(&challenge());
    assert_eq!(
        url.strip_prefix(&stub.url("/login/oauth/authorize")).unwrap(),
        "?client_id=Iv1.square&redirect_uri=https%3A%2F%2Fsquare.test%2Fback&scope=read%3Auser+user%3Aemail\
         &state=the+state&code_challenge=the-challenge&code_challenge_method=S256"
    );
}
