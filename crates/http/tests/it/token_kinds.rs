//! Each kind of secret in the place of each other kind: it opens nothing, and is as good as before where it belongs.

use crate::app::{Call, Person, TestApp};
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use square_accounts::testing::TestAccounts;

/// A secret and what it is called here.
struct Kind {
    name: &'static str,
    secret: String,
}

/// One of each kind, all of one account, all good.
async fn one_of_each(app: &TestApp) -> (Person, Vec<Kind>) {
    let ada = app.person("ada").await;
    let mailed = || app.people.store.mailed_token().expect("a letter with a link").expose().to_owned();
    let confirm = mailed();
    app.post("/api/forgot_password", json!({"email": "ada@example.org"})).send().await;
    app.people.answer_letter_requests().await;
    let reset = mailed();
    let change = json!({"email": "new@example.org", "password": TestAccounts::PASSWORD});
    let asked = app.post("/api/change_email", change).by(&ada).send().await;
    assert_eq!(asked.status, 200, "{asked}");
    let change_email = mailed();
    let login = json!({"username": "ada", "password": TestAccounts::PASSWORD});
    let signed_in = app.post("/api/login", login).send().await;
    let device = signed_in.header("X-Device-Token").expect("a device token").to_owned();
    let signed_in = signed_in.json();
    let text = |name: &str| signed_in[name].as_str().expect("a token").to_owned();

    // MFA is another account's: for this one it would change how it signs in.
    crate::mfa::with_mfa(app, "bob").await;
    let mfa = crate::mfa::mfa_token(app, "bob").await;
    let kinds = [
        ("access", text("access_token")),
        ("refresh", text("refresh_token")),
        ("confirm", confirm),
        ("reset", reset),
        ("change_email", change_email),
        ("mfa", mfa),
        ("device", device),
    ];
    let kinds = kinds.into_iter().map(|(name, secret)| Kind { name, secret }).collect();
    (ada, kinds)
}

/// Where a secret is shown, and which kind belongs there.
fn doors<'a>(app: &'a TestApp, ada: &Person, secret: &str) -> Vec<(&'static str, Call<'a>)> {
    let id = URL_SAFE_NO_PAD.encode(ada.id.to_string());
    let linked = |page: &str, body| app.post(&format!("/api/{page}/{secret}/{id}"), body);
    let password = "another horse battery";
    vec![
        ("access", app.get("/api/me").header("Authorization", &format!("Bearer {secret}"))),
        ("access", app.get("/api/me").header("Authorization", &format!("Basic {secret}"))),
        ("refresh", app.post("/api/token/refresh", json!({"refresh_token": secret}))),
        ("confirm", app.post("/api/confirmEmail", json!({"token": secret}))),
        ("confirm", linked("verify", json!({}))),
        ("reset", linked("reset_password", json!({"password": password}))),
        ("reset", app.post("/api/validatenewPassword", json!({"token": secret, "password": password}))),
        ("change_email", linked("change_email", json!({}))),
        ("link_social", linked("link_social", json!({}))),
        (
            "mfa",
            app.post(
                "/api/login_mfa",
                json!({"email": "bob@example.org", "otp": "000000", "mfa_token": secret}),
            ),
        ),
    ]
}

/// Each of `names` is good where it belongs.
async fn assert_good(app: &TestApp, ada: &Person, kinds: &[Kind], names: &[&str]) {
    for name in names {
        let kind = kinds.iter().find(|kind| kind.name == *name).expect("a kind");
        let own = doors(app, ada, &kind.secret).into_iter().find(|(door, _)| door == name);
        let reply = own.expect("its door").1.send().await;
        assert_eq!(reply.status, 200, "{name}\n{reply}");
    }
}

/// A new address makes links for passwords void, a new password links for addresses, and confirming an address the link for another one
/// that was asked for before: so they are used separately.
const USES: [&[&str]; 3] = [&["access", "refresh", "confirm"], &["change_email"], &["reset"]];

#[actix_web::test]
async fn no_secret_stands_in_for_one_of_another_kind() {
    for uses in USES {
        let app = TestApp::new();
        let (ada, kinds) = one_of_each(&app).await;
        for kind in &kinds {
            for (door, call) in doors(&app, &ada, &kind.secret) {
                // A link that changes the address may be confirmed where other addresses are.
                if door == kind.name || (kind.name, door) == ("change_email", "confirm") {
                    continue;
                }
                let reply = call.send().await;
                assert!((400..500).contains(&reply.status), "{} where {door} belongs\n{reply}", kind.name);
            }
        }
        // None of that has spent any of them.
        assert_good(&app, &ada, &kinds, uses).await;
    }
}

#[actix_web::test]
async fn altered_shortened_and_doubled_secrets_open_nothing() {
    let app = TestApp::new();
    let (ada, kinds) = one_of_each(&app).await;
    for kind in &kinds {
        let (head, tail) = kind.secret.split_at(kind.secret.len() / 2);
        let turned = format!("{tail}{head}");
        let upper = kind.secret.to_uppercase();
        for wrong in
            [head, tail, &turned, &upper, &format!("{0}{0}", kind.secret), &format!("{}A", kind.secret)]
        {
            for (door, call) in doors(&app, &ada, wrong) {
                let reply = call.send().await;
                assert!((400..500).contains(&reply.status), "altered {} at {door}\n{reply}", kind.name);
            }
        }
    }
}

#[actix_web::test]
async fn opening_a_link_changes_nothing() {
    for uses in USES {
        let app = TestApp::new();
        let (ada, kinds) = one_of_each(&app).await;
        let id = URL_SAFE_NO_PAD.encode(ada.id.to_string());
        for (page, name) in
            [("verify", "confirm"), ("reset_password", "reset"), ("change_email", "change_email")]
        {
            let secret = &kinds.iter().find(|kind| kind.name == name).expect("a kind").secret;
            let opened = app.get(&format!("/{page}/{secret}/{id}")).send().await;
            assert_eq!(opened.status, 200, "{page}\n{opened}");
            assert_eq!(opened.header("Referrer-Policy"), Some("no-referrer"), "{page}");
            for method in [Method::GET, Method::HEAD] {
                let api = app.call(method, &format!("/api/{page}/{secret}/{id}")).send().await;
                assert_eq!(api.status, 405, "{page}\n{api}");
            }
        }
        assert_good(&app, &ada, &kinds, uses).await;
    }
}
