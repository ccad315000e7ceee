//! What becomes of requests that a page of another site has a browser send.

use crate::app::{Reply, TestApp};
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use square_accounts::testing::TestAccounts;
use square_wire::Origins;

const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

/// What a form on a page of `origin` has a browser send: no body, no header of its own.
async fn form(app: &TestApp, path: &str, site: &str, origin: &str) -> Reply {
    let call = app.call(Method::POST, path).header("Sec-Fetch-Site", site).header("Origin", origin);
    call.send().await
}

/// The call that a fresh link of a letter makes.
async fn link(app: &TestApp, name: &str) -> String {
    let account = app.people.register(name).await;
    let token = app.people.store.mailed_token().unwrap();
    format!("/api/verify/{}/{}", token.expose(), URL_SAFE_NO_PAD.encode(account.id.to_string()))
}

fn listed() -> TestApp {
    TestApp::with(|settings| settings.cors_origins = Origins::listed(&[APP.to_owned()]))
}

#[actix_web::test]
async fn a_form_of_another_site_signs_nobody_in_and_spends_no_link() {
    let app = listed();
    let link = link(&app, "ada").await;
    for site in ["cross-site", "same-site"] {
        let refused = form(&app, &link, site, EVIL).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("origin_not_allowed")));
        assert_eq!(refused.header("Set-Cookie"), None);
    }
    assert_eq!(form(&app, &link, "same-origin", "http://localhost:8080").await.status, 200);
}

#[actix_web::test]
async fn no_call_that_signs_in_is_made_by_a_page_that_may_not_call() {
    let app = listed();
    app.people.register("ada").await;
    for (path, body) in [
        ("/api/login", json!({"username": "ada", "password": TestAccounts::PASSWORD})),
        ("/api/login_mfa", json!({"email": "ada@example.org", "otp": 123_456, "mfa_token": "x"})),
        (
            "/api/verify_recovery_code",
            json!({"email": "ada@example.org", "recovery_code": "x", "mfa_token": "x"}),
        ),
        ("/api/verify/a/b", json!({})),
        ("/api/link_social/a/b", json!({})),
        ("/api/social/github", json!({"code": "x"})),
        ("/api/social/linkedin", json!({"code": "x"})),
        ("/api/social/google", json!({"idtoken": "x"})),
        ("/api/social/facebook", json!({"accessToken": "x", "userID": "1"})),
    ] {
        let refused = app.post(path, body.clone()).header("Origin", EVIL).send().await;
        assert_eq!(refused.json()["code"], "origin_not_allowed", "{path}: {refused}");
        for welcome in [app.post(path, body.clone()).header("Origin", APP), app.post(path, body)] {
            assert_ne!(welcome.send().await.status, 403, "{path}");
        }
    }
}

#[actix_web::test]
async fn a_page_whose_scripts_may_call_gets_its_reply_and_the_browser_no_cookie() {
    for (app, origin) in [(listed(), APP), (TestApp::new(), EVIL)] {
        app.people.register("ada").await;
        let body = json!({"username": "ada", "password": TestAccounts::PASSWORD});
        let call = app.post("/api/login", body.clone());
        let reply = call.header("Sec-Fetch-Site", "cross-site").header("Origin", origin).send().await;
        assert_eq!((reply.status, reply.header("Set-Cookie")), (200, None), "{reply}");
        assert!(reply.header("X-Device-Token").is_some(), "its scripts may keep it themselves");
        let own = app.post("/api/login", body).header("Sec-Fetch-Site", "same-origin").send().await;
        assert!(own.header("Set-Cookie").is_some(), "{own}");
        let link = link(&app, "eve").await;
        let reply = form(&app, &link, "cross-site", origin).await;
        assert_eq!((reply.status, reply.header("Set-Cookie")), (200, None), "{reply}");
    }
}
