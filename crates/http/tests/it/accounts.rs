use crate::app::TestApp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::json;
use square_accounts::testing::TestAccounts;

#[actix_web::test]
async fn registering_gives_the_account_and_sends_a_letter() {
    let app = TestApp::new();
    let body = json!({"username": "Ada", "email": "Ada@Example.org", "password": "correct horse"});
    assert_snapshot!(app.post("/api/register", body).send().await, @r#"
    201
    {
      "message": "The account is made. Please follow the link in the letter that was sent to you.",
      "msg": "The account is made. Please follow the link in the letter that was sent to you.",
      "success": true,
      "user": {
        "active": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "email": "ada@example.org",
        "entity_id": "019b76daa8007fcd9d7b39a820e2f465",
        "first_name": "",
        "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
        "last_name": "",
        "latest": 1,
        "login_method": "signup",
        "mfa_enabled": false,
        "permissions": [],
        "roles": [
          "user"
        ],
        "username": "Ada",
        "verified": 0,
        "verified_on": null
      }
    }
    "#);
    assert_eq!(app.people.store.letters().len(), 1);
}

#[actix_web::test]
async fn a_known_address_gets_the_same_reply_as_a_new_one() {
    let app = TestApp::new();
    app.person("ada").await;
    let body =
        |name: &str, email: &str| json!({"username": name, "email": email, "password": "correct horse"});
    let known = app.post("/api/register", body("bob", "ada@example.org")).send().await;
    let new = app.post("/api/register", body("eve", "eve@example.org")).send().await;
    let shape =
        |reply: &crate::app::Reply| reply.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((known.status, shape(&known)), (new.status, shape(&new)));
    assert_eq!(known.json()["message"], new.json()["message"]);
}

#[actix_web::test]
async fn a_taken_name_is_told() {
    let app = TestApp::new();
    app.person("ada").await;
    let body = json!({"username": "ADA", "email": "eve@example.org", "password": "correct horse"});
    assert_snapshot!(app.post("/api/register", body).send().await, @r#"
    409
    {
      "code": "already_exists",
      "details": [
        {
          "field": "username",
          "message": "is taken"
        }
      ],
      "error": 409,
      "message": "username is taken",
      "msg": "username is taken",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn all_fields_at_fault_are_named_at_once() {
    let app = TestApp::new();
    assert_snapshot!(app.post("/api/register", json!({"email": "ada", "password": "short"})).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "username",
          "message": "must not be empty"
        },
        {
          "field": "email",
          "message": "must be an e-mail address"
        },
        {
          "field": "password",
          "message": "must have at least 8 characters"
        }
      ],
      "error": 422,
      "message": "username must not be empty; email must be an e-mail address; password must have at least 8 characters",
      "msg": "username must not be empty; email must be an e-mail address; password must have at least 8 characters",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn signing_up_derives_the_name() {
    let app = TestApp::new();
    let body = json!({
        "login_method": "signup", "first_name": "Ada", "last_name": "Lovelace",
        "email": "ada@example.org", "password": "correct horse",
    });
    assert_snapshot!(app.post("/api/signup", body).send().await, @r#"
    201
    {
      "message": "The account is made. Please follow the link in the letter that was sent to you.",
      "msg": "The account is made. Please follow the link in the letter that was sent to you.",
      "success": true
    }
    "#);
    app.people.sign_in("ada").await;
}

#[actix_web::test]
async fn the_mailed_link_confirms_once_and_signs_in() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let token = app.people.store.mailed_token().unwrap();
    let path = format!("/api/verify/{}/{}", token.expose(), URL_SAFE_NO_PAD.encode(ada.id.to_string()));
    let reply = app.call("POST".parse().unwrap(), &path).send().await;
    assert_eq!((reply.status, reply.json()["user"]["verified"].as_u64()), (200, Some(1)), "{reply}");
    assert_eq!(reply.json()["user"]["access_token"], reply.json()["access_token"]);
    assert_snapshot!(app.call("POST".parse().unwrap(), &path).send().await, @r#"
    400
    {
      "code": "invalid_link",
      "error": 400,
      "message": "the link is not good, or not any more",
      "msg": "the link is not good, or not any more",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn the_token_alone_confirms_too() {
    let app = TestApp::new();
    app.person("ada").await;
    let token = app.people.store.mailed_token().unwrap();
    assert_snapshot!(app.post("/api/confirmEmail", json!({"token": token.expose()})).send().await, @r#"
    200
    {
      "message": "The address is confirmed.",
      "msg": "The address is confirmed.",
      "success": true
    }
    "#);
    assert_eq!(app.post("/api/confirmEmail", json!({"token": token.expose()})).send().await.status, 400);
}

#[actix_web::test]
async fn a_further_letter_is_promised_to_anybody() {
    let app = TestApp::new();
    app.person("ada").await;
    let known = app.post("/api/resend_confirmation", json!({"email": "ada@example.org"})).send().await;
    let unknown = app.post("/api/resend_confirmation", json!({"email": "eve@example.org"})).send().await;
    assert_eq!(known.to_string(), unknown.to_string());
    assert_snapshot!(known, @r#"
    200
    {
      "message": "If the address waits to be confirmed, a letter is on its way.",
      "msg": "If the address waits to be confirmed, a letter is on its way.",
      "success": true
    }
    "#);
    app.people.answer_letter_requests().await;
    assert_eq!(app.people.store.letters().len(), 2);
}

#[actix_web::test]
async fn signing_in_gives_tokens_and_the_account() {
    let app = TestApp::new();
    app.person("ada").await;
    let reply =
        app.post("/api/login", json!({"username": "ada", "password": TestAccounts::PASSWORD})).send().await;
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    assert_snapshot!(reply, @r#"
    200
    {
      "access_token": "access-1",
      "expires_in": 1767229200,
      "message": "Signed in.",
      "msg": "Signed in.",
      "refresh_token": "AZt22qgAd56LECtgAdsN8QAAAADHJ_lX3XLF3prk8jhjNEy2Zd5IF51LeXEo-y3GoY4zJw",
      "success": true,
      "token": "access-1",
      "user": {
        "access_token": "access-1",
        "active": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "email": "ada@example.org",
        "entity_id": "019b76daa8007fcd9d7b39a820e2f465",
        "expires_in": 1767229200,
        "first_name": "",
        "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
        "last_name": "",
        "latest": 1,
        "login_method": "signup",
        "mfa_enabled": false,
        "permissions": [],
        "roles": [
          "user"
        ],
        "username": "ada",
        "verified": 0,
        "verified_on": null
      }
    }
    "#);
}

#[actix_web::test]
async fn the_address_is_as_good_as_the_name() {
    let app = TestApp::new();
    app.person("ada").await;
    for body in [
        json!({"email": "ADA@example.org"}),
        json!({"username": "ada@example.org"}),
        json!({"username": "Ada"}),
    ] {
        let mut body = body;
        body["password"] = TestAccounts::PASSWORD.into();
        assert_eq!(app.post("/api/login", body.clone()).send().await.status, 200, "{body}");
    }
}

#[actix_web::test]
async fn an_unknown_name_and_a_wrong_password_look_alike() {
    let app = TestApp::new();
    app.person("ada").await;
    let wrong = app.post("/api/login", json!({"username": "ada", "password": "wrong horse"})).send().await;
    let unknown = app.post("/api/login", json!({"username": "e", "password": "wrong horse"})).send().await;
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert_snapshot!(wrong, @r#"
    401
    {
      "code": "wrong_credentials",
      "error": 401,
      "message": "the name or the password is wrong",
      "msg": "the name or the password is wrong",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn a_refresh_token_is_good_once() {
    let app = TestApp::new();
    app.person("ada").await;
    let login = json!({"username": "ada", "password": TestAccounts::PASSWORD});
    let first = app.post("/api/login", login).send().await.json();
    let body = json!({"refresh_token": first["refresh_token"]});
    let second = app.post("/api/token/refresh", body.clone()).send().await;
    assert_eq!(second.status, 200, "{second}");
    assert_ne!(second.json()["refresh_token"], first["refresh_token"]);
    assert_eq!(app.post("/api/token/refresh", body.clone()).send().await.to_string(), second.to_string());
    app.people.clock.advance(square_kernel::jiff::SignedDuration::from_secs(11));
    assert_snapshot!(app.post("/api/token/refresh", body).send().await, @r#"
    401
    {
      "code": "invalid_refresh_token",
      "error": 401,
      "message": "the refresh token is not good, or not any more",
      "msg": "the refresh token is not good, or not any more",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn signing_out_bites_on_the_next_request() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    assert_eq!(app.get("/api/me").by(&ada).send().await.status, 200);
    assert_snapshot!(app.call("POST".parse().unwrap(), "/api/logout").by(&ada).send().await, @r#"
    200
    {
      "message": "Signed out.",
      "msg": "Signed out.",
      "success": true
    }
    "#);
    assert_snapshot!(app.get("/api/me").by(&ada).send().await, @r#"
    401
    {
      "code": "token_expired",
      "error": 401,
      "message": "the token has expired",
      "msg": "the token has expired",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn one_sees_ones_own_account() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    assert_snapshot!(app.get("/api/me").by(&ada).send().await, @r#"
    200
    {
      "active": 1,
      "created_at": "2026-01-01T00:00:00Z",
      "email": "ada@example.org",
      "entity_id": "019b76daa8007fcd9d7b39a820e2f465",
      "first_name": "",
      "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "last_name": "",
      "latest": 1,
      "login_method": "signup",
      "mfa_enabled": false,
      "permissions": [],
      "roles": [
        "user"
      ],
      "username": "ada",
      "verified": 0,
      "verified_on": null
    }
    "#);
}

#[actix_web::test]
async fn the_token_is_taken_under_both_names_and_no_other() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for (value, status) in [
        (format!("bearer {}", ada.token), 200),
        (format!("Basic {}", ada.token), 200),
        (ada.token.clone(), 401),
        (format!("Digest {}", ada.token), 401),
        ("Bearer".to_owned(), 401),
    ] {
        assert_eq!(app.get("/api/me").header("Authorization", &value).send().await.status, status, "{value}");
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_where_none_is_needed_too() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/api/skills").header("Authorization", "Bearer access-7").send().await, @r#"
    401
    {
      "code": "invalid_token",
      "error": 401,
      "message": "the token is not valid",
      "msg": "the token is not valid",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get("/api/selectors").header("Authorization", "Bearer x").send().await.status, 401);
    let ask = app.post("/api/question", json!({"question": "Who?"})).header("Authorization", "Bearer x");
    assert_eq!(ask.send().await.status, 401);
}
