//! What owners change of their accounts, up to their end.

use crate::app::{Person, Reply, TestApp};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::Stream;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_accounts::Device;
use square_accounts::testing::TestAccounts;
use square_events::ports::EventStore;
use square_events::{Address, Event, EventId, EventTime, Venue};
use square_kernel::testing::SeededRandomness;
use square_skills::testing::ScriptedSkill;
use std::pin::Pin;

const NEW: &str = "brand new horse";

impl TestApp {
    /// The path of the link mailed last, which is for `person`.
    fn mailed_path(&self, page: &str, person: &Person) -> String {
        let token = self.people.store.mailed_token().unwrap();
        format!("/api/{page}/{}/{}", token.expose(), URL_SAFE_NO_PAD.encode(person.id.to_string()))
    }

    async fn send_as(&self, person: &Person, method: Method, path: &str, body: Value) -> Reply {
        self.call(method, path).by(person).json(&body).send().await
    }

    async fn is_signed_in(&self, person: &Person) -> bool {
        self.get("/api/me").by(person).send().await.status == 200
    }

    /// Has a link that sets a new password mailed.
    async fn forget(&self, name: &str) -> Reply {
        let body = json!({"email": format!("{name}@example.org")});
        let reply = self.post("/api/forgot_password", body).send().await;
        self.people.answer_letter_requests().await;
        reply
    }
}

#[actix_web::test]
async fn a_forgotten_password_is_set_anew_by_the_mailed_link_once() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    assert_snapshot!(app.forget("ada").await, @r#"
    200
    {
      "message": "If the address has an account, a letter with a link is on its way.",
      "msg": "If the address has an account, a letter with a link is on its way.",
      "success": true
    }
    "#);
    let path = app.mailed_path("reset_password", &ada);
    let short = app.post(&path, json!({"password": "short"})).send().await;
    assert_eq!(
        (short.status, short.json()["details"][0]["field"].as_str()),
        (422, Some("password")),
        "{short}"
    );
    assert_snapshot!(app.post(&path, json!({"password": NEW})).send().await, @r#"
    200
    {
      "message": "The password is set. You can sign in with it now; a letter says by which other ways, if any.",
      "msg": "The password is set. You can sign in with it now; a letter says by which other ways, if any.",
      "success": true
    }
    "#);
    assert!(!app.is_signed_in(&ada).await);
    let again = app.post(&path, json!({"password": NEW})).send().await;
    assert_eq!((again.status, again.json()["code"].as_str()), (400, Some("invalid_link")), "{again}");
    app.people.try_sign_in("ada", NEW).await.unwrap();
}

#[actix_web::test]
async fn both_names_of_the_calls_do_the_same() {
    let app = TestApp::new();
    app.person("ada").await;
    let asked = app.post("/api/requestresetPassword", json!({"email": "ada@example.org"})).send().await;
    assert_eq!(asked.status, 200, "{asked}");
    app.people.answer_letter_requests().await;
    let token = app.people.store.mailed_token().unwrap();
    let body = json!({"token": token.expose(), "password": NEW});
    let reply = app.post("/api/validatenewPassword", body).send().await;
    assert_eq!(reply.status, 200, "{reply}");
    app.people.try_sign_in("ada", NEW).await.unwrap();
    let empty = app.post("/api/validatenewPassword", json!({})).send().await;
    assert_eq!(empty.status, 422);
    assert_eq!(empty.json()["details"].as_array().unwrap().len(), 2, "{empty}");
}

#[actix_web::test]
async fn asking_for_a_link_tells_nothing_of_an_address() {
    let app = TestApp::new();
    app.person("ada").await;
    let (known, unknown) = (app.forget("ada").await, app.forget("nobody").await);
    assert_eq!((known.status, known.json()), (unknown.status, unknown.json()));
    let bad = app.post("/api/forgot_password", json!({"email": "ada"})).send().await;
    assert_eq!((bad.status, bad.json()["details"][0]["field"].as_str()), (422, Some("email")));
}

#[actix_web::test]
async fn a_changed_password_ends_the_other_sessions() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let elsewhere = app.people.sign_in("ada").await;
    let there = Person { id: ada.id, token: elsewhere.tokens.access.expose().to_owned() };
    let update = |existing: &str, new: &str| {
        let body = json!({"existing_password": existing, "new_password": new});
        app.post("/api/update_password", body).by(&ada).send()
    };
    assert_snapshot!(update("wrong horse", NEW).await, @r#"
    403
    {
      "code": "wrong_password",
      "details": [
        {
          "field": "existing_password",
          "message": "is wrong"
        }
      ],
      "error": 403,
      "message": "the password is wrong",
      "msg": "the password is wrong",
      "request_id": "test",
      "success": false
    }
    "#);
    let same = update(TestAccounts::PASSWORD, TestAccounts::PASSWORD).await;
    assert_eq!((same.status, same.json()["details"][0]["field"].as_str()), (422, Some("new_password")));
    let changed = update(TestAccounts::PASSWORD, NEW).await;
    assert_eq!(changed.status, 200, "{changed}");
    assert!(app.is_signed_in(&ada).await && !app.is_signed_in(&there).await);
    let body = json!({"existing_password": "x", "new_password": NEW});
    assert_eq!(app.post("/api/update_password", body).send().await.status, 401);
}

#[actix_web::test]
async fn who_sets_a_password_gets_a_device_token_with_the_reply() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    app.forget("ada").await;
    let reset = app.post(&app.mailed_path("reset_password", &ada), json!({"password": NEW})).send().await;
    assert_eq!(reset.status, 200, "{reset}");
    let first = reset.header("X-Device-Token").unwrap().to_owned();
    assert!(reset.header("Set-Cookie").unwrap().starts_with(&format!("square_device={first};")));

    let login = app.post("/api/login", json!({"username": "ada", "password": NEW}));
    let login = login.header("X-Device-Token", &first).send().await;
    assert_eq!(login.header("X-Device-Token"), Some(&*first), "it is as good as one of a sign-in");
    let token = login.json()["access_token"].as_str().unwrap().to_owned();
    let ada = Person { id: ada.id, token };
    let body = json!({"existing_password": NEW, "new_password": TestAccounts::PASSWORD});
    let update =
        app.post("/api/update_password", body).by(&ada).header("X-Device-Token", &first).send().await;
    let second = update.header("X-Device-Token").unwrap();
    assert!(update.status == 200 && second != first, "{update}");
}

#[actix_web::test]
async fn a_body_that_comes_after_its_sender_was_signed_out_changes_nothing() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let who = app.people.accounts.authenticate(&ada.token).unwrap().identity.unwrap();
    let body = json!({"existing_password": TestAccounts::PASSWORD, "new_password": NEW}).to_string();
    let accounts = app.people.accounts.clone();
    let late = futures::stream::once(async move {
        accounts.sign_out(&who, &Device::default()).await.expect("signed out");
        Ok::<_, PayloadError>(Bytes::from(body))
    });
    let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(late);
    let service = init_service(app.api.app(&|_| {})).await;
    let request = TestRequest::post().uri("/api/update_password");
    let request = request.insert_header(("Content-Type", "application/json"));
    let request = request.insert_header(("Authorization", format!("Bearer {}", ada.token))).to_request();
    let response = call_service(&service, request.replace_payload(Payload::Stream { payload }).0).await;
    assert_eq!(response.status().as_u16(), 401);
    assert!(app.people.try_sign_in("ada", NEW).await.is_err());
    app.people.sign_in("ada").await;
}

#[actix_web::test]
async fn what_lets_somebody_in_is_added_to_once_the_address_is_confirmed() {
    let app = TestApp::new();
    let account = app.people.register("ada").await;
    let token = app.people.sign_in("ada").await.tokens.access.expose().to_owned();
    let ada = Person { id: account.id, token };
    let qrcode = || app.post("/api/qrcode", json!({"password": TestAccounts::PASSWORD})).by(&ada).send();
    assert_snapshot!(qrcode().await, @r#"
    403
    {
      "code": "address_not_confirmed",
      "error": 403,
      "message": "confirm your e-mail address first",
      "msg": "confirm your e-mail address first",
      "request_id": "test",
      "success": false
    }
    "#);
    for (path, body) in [
        ("/api/verify_otp", json!({"otp": "123456"})),
        ("/api/setup_mfa", json!({"mfa_enabled": true, "otp": "123456"})),
        ("/api/social/github", json!({"code": "ada"})),
    ] {
        let reply = app.post(path, body).by(&ada).send().await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("address_not_confirmed")), "{reply}");
    }
    app.people.vouch_for(account.id).await;
    assert_eq!(qrcode().await.status, 200);
}

#[actix_web::test]
async fn another_address_holds_once_it_is_confirmed() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let body = json!({"email": "Ada@example.net", "password": TestAccounts::PASSWORD});
    assert_snapshot!(app.send_as(&ada, Method::POST, "/api/change_email", body).await, @r#"
    200
    {
      "message": "A letter is on its way to the new address. Please follow the link in it.",
      "msg": "A letter is on its way to the new address. Please follow the link in it.",
      "success": true
    }
    "#);
    assert_eq!(app.get("/api/me").by(&ada).send().await.json()["email"], "ada@example.org");
    let path = app.mailed_path("change_email", &ada);
    // What else a link could be taken for.
    for other in ["verify", "reset_password", "link_social"] {
        let path = app.mailed_path(other, &ada);
        let reply = app.post(&path, json!({"password": NEW})).send().await;
        assert_eq!(reply.status, 400, "{other}: {reply}");
    }
    let reply = app.call(Method::POST, &path).send().await;
    assert_eq!(
        (reply.status, reply.json()["user"]["email"].as_str()),
        (200, Some("ada@example.net")),
        "{reply}"
    );
    assert_eq!(app.call(Method::POST, &path).send().await.status, 400);
    assert_eq!(app.get("/api/me").by(&ada).send().await.json()["email"], "ada@example.net");
}

#[actix_web::test]
async fn an_address_taken_meanwhile_is_a_conflict_for_who_proved_the_mailbox() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let body = json!({"email": "bob@example.org", "password": TestAccounts::PASSWORD});
    app.send_as(&ada, Method::POST, "/api/change_email", body.clone()).await;
    let path = app.mailed_path("change_email", &ada);
    app.person("bob").await;
    assert_eq!(app.call(Method::POST, &path).send().await.status, 409);
    let known = app.send_as(&ada, Method::POST, "/api/change_email", body).await;
    assert_eq!(known.status, 200, "who asks for it anew learns nothing");
    let wrong = json!({"email": "new@example.org", "password": "wrong horse"});
    let refused = app.send_as(&ada, Method::POST, "/api/change_email", wrong).await;
    assert_eq!((refused.status, refused.json()["details"][0]["field"].as_str()), (403, Some("password")));
}

#[actix_web::test]
async fn names_can_be_changed_and_nothing_else_by_this_call() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let edit = |body| app.send_as(&ada, Method::PATCH, "/api/me", body);
    let reply = edit(json!({"first_name": " Ada ", "last_name": "Lovelace", "username": "ada"})).await;
    assert_eq!((reply.status, reply.json()["first_name"].as_str()), (200, Some("Ada")), "{reply}");
    assert_eq!(edit(json!({})).await.json()["last_name"], "Lovelace");
    assert_snapshot!(
        edit(json!({"first_name": "a\u{0}", "username": "bob", "email": "bob@example.org"})).await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "first_name",
          "message": "must not contain control characters"
        },
        {
          "field": "username",
          "message": "cannot be changed"
        },
        {
          "field": "email",
          "message": "is changed by change_email"
        }
      ],
      "error": 422,
      "message": "first_name must not contain control characters; username cannot be changed; email is changed by change_email",
      "msg": "first_name must not contain control characters; username cannot be changed; email is changed by change_email",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn an_account_is_deleted_by_its_password() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let none = app.call(Method::DELETE, "/api/me").by(&ada).send().await;
    assert_eq!((none.status, none.json()["details"][0]["field"].as_str()), (422, Some("password")), "{none}");
    let wrong = app.send_as(&ada, Method::DELETE, "/api/me", json!({"password": "wrong horse"})).await;
    assert_eq!(wrong.status, 403, "{wrong}");
    let body = json!({"password": TestAccounts::PASSWORD});
    assert_snapshot!(app.send_as(&ada, Method::DELETE, "/api/me", body.clone()).await, @r#"
    200
    {
      "message": "The account and what belonged to it are deleted.",
      "msg": "The account and what belonged to it are deleted.",
      "success": true
    }
    "#);
    assert!(!app.is_signed_in(&ada).await);
    let login = json!({"username": "ada", "password": TestAccounts::PASSWORD});
    assert_eq!(app.post("/api/login", login).send().await.status, 401);
    let text = app.call(Method::DELETE, "/api/me").by(&ada).text("text/plain", "x").send().await;
    assert_eq!(text.status, 401);
}

#[actix_web::test]
async fn the_export_holds_all_that_is_stored_and_nothing_secret() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (answering, _script) = ScriptedSkill::new();
    let id = app.skill(&ada, "Weather", answering).await;
    app.publish(&ada, &id).await;
    app.scripted(&bob, "News").await;
    // More than one page of questions.
    for number in 0..45 {
        let body = json!({"question": format!("nothing of number {number}?")});
        assert_eq!(app.post("/api/question", body).by(&ada).send().await.status, 200);
    }
    let event = Event {
        id: EventId::new(&*app.people.clock, &SeededRandomness::default()),
        owner: ada.id,
        date: "2026-12-31".parse().unwrap(),
        time: EventTime::parse("8pm").unwrap(),
        venue: Venue::parse("Fillmore").unwrap(),
        address: Address::parse("1805 Geary").unwrap(),
        created_at: square_kernel::Clock::now(&*app.people.clock),
    };
    app.events.fill_if_none_from(event.date, &[event]).await.unwrap();

    for person in [&ada, &bob] {
        let body = json!({"company_name": "Acme", "phone": "1", "declared_billing": "1.50"});
        assert_eq!(app.post("/api/company/", body).by(person).send().await.status, 201);
    }
    let body = json!({"email": "ada@example.net", "password": TestAccounts::PASSWORD});
    assert_eq!(app.send_as(&ada, Method::POST, "/api/change_email", body).await.status, 200);
    let reply = app.get("/api/me/export").by(&ada).send().await;
    let disposition = "attachment; filename=\"square-account.json\"";
    assert_eq!((reply.status, reply.header("Content-Disposition")), (200, Some(disposition)));
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    let export = reply.json();
    let names: Vec<&str> = export.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "account",
            "asked_address",
            "audit",
            "companies",
            "events",
            "login_methods",
            "password",
            "questions",
            "recovery_codes",
            "sessions",
            "skills",
        ]
    );
    assert_eq!(export["account"]["username"], "ada");
    assert_eq!(export["asked_address"], "ada@example.net");
    assert_eq!((&export["password"], &export["recovery_codes"]), (&json!(true), &Value::Null));
    let ids = |list: &str| {
        let rows = export[list].as_array().unwrap();
        rows.iter().map(|row| row["question_id"].as_str().unwrap()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids("questions").len(), 45);
    let lengths = ["sessions", "skills", "questions", "events", "companies"]
        .map(|list| export[list].as_array().unwrap().len());
    assert_eq!(lengths, [1, 1, 45, 1, 1]);
    assert_eq!(export["companies"][0]["declared_billing"], "1.50");
    assert_eq!(export["skills"][0]["train_examples"], json!(["Who?", "What?"]));
    assert_eq!(export["events"][0]["venue"], "Fillmore");
    let mut actions: Vec<&str> =
        export["audit"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["data_exported", "email_change_requested", "registered", "signed_in"]);
    for secret in [&*ada.token, "current:", "bob"] {
        assert!(!reply.text().contains(secret), "{secret}");
    }
    assert_eq!(app.get("/api/me/export").send().await.status, 401);
}
