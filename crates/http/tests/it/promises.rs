//! What docs/security.md promises of calls and pages in general.

use crate::app::TestApp;
use actix_web::http::Method;
use serde_json::json;
use square_accounts::testing::TestAccounts;

#[actix_web::test]
async fn what_holds_secrets_is_kept_in_no_cache() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    let login = json!({"username": "ada", "password": TestAccounts::PASSWORD});
    let signed_in = app.post("/api/login", login).send().await;
    let refresh = json!({"refresh_token": signed_in.json()["refresh_token"]});
    let (bob, _) = crate::mfa::with_mfa(&app, "bob").await;
    for reply in [
        signed_in,
        app.post("/api/token/refresh", refresh).send().await,
        app.get("/api/me").by(&ada).send().await,
        app.get("/api/sessions").by(&ada).send().await,
        app.get("/api/social").by(&ada).send().await,
        app.get("/api/me/export").by(&ada).send().await,
        app.get("/api/me/audit").by(&ada).send().await,
        app.get("/api/recovery_codes").by(&bob).send().await,
        app.post("/api/qrcode", json!({"password": TestAccounts::PASSWORD})).by(&ada).send().await,
    ] {
        assert_eq!((reply.status, reply.header("Cache-Control")), (200, Some("no-store")), "{reply}");
    }
}

#[actix_web::test]
async fn no_call_echoes_a_request() {
    let app = TestApp::new();
    for path in ["/", "/api/skills", "/api/me", "/health/live", "/nowhere"] {
        for method in [Method::TRACE, Method::CONNECT] {
            let reply = app.call(method.clone(), path).header("X-Mine", "the-echo").send().await;
            assert!([404, 405].contains(&reply.status), "{method} {path} {reply}");
            assert!(!reply.text().contains("the-echo"), "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn folders_and_files_beside_the_server_are_not_served() {
    let app = TestApp::new();
    for path in [
        "/.git/config",
        "/.env",
        "/config/default.toml",
        "/data/square.db",
        "/data/secret_key",
        "/assets",
        "/assets/",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/../src/lib.rs",
        "/apidocs/..%2fCargo.toml",
    ] {
        assert_eq!(app.get(path).send().await.status, 404, "{path}");
    }
}
