use crate::app::{Person, TestApp};
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_accounts::testing::{FakeProvider, TestAccounts};
use square_accounts::{Device, Occasion, Provider};

const CALLS: [(Provider, &str, &str); 4] = [
    (Provider::Github, "/api/social/github", "code"),
    (Provider::Linkedin, "/api/social/linkedin", "code"),
    (Provider::Google, "/api/social/google", "idtoken"),
    (Provider::Facebook, "/api/social/facebook", "accessToken"),
];

fn body(field: &str, proof: &str) -> Value {
    json!({field: proof, "userID": "10158000000000001", "email": "not@read.example", "expiresIn": 5_183_999})
}

impl TestApp {
    /// Has a provider know `name`, whose proof is their name.
    fn know(&self, provider: Provider, name: &str, vouched: bool) {
        self.people.provider(provider).know(name, FakeProvider::identity(name, vouched));
    }

    async fn by_github(&self, name: &str) -> crate::app::Reply {
        self.post("/api/social/github", body("code", name)).send().await
    }

    /// The path that the newest letter leads to.
    fn linked_path(&self) -> String {
        let letter = self.people.store.letters().pop().unwrap();
        let (Occasion::LinkLoginMethod { user, token, .. }
        | Occasion::ConfirmLoginMethod { user, token, .. }) = letter.occasion
        else {
            panic!("no link")
        };
        format!("link_social/{}/{}", token.expose(), URL_SAFE_NO_PAD.encode(user.to_string()))
    }

    async fn follow(&self, path: &str) -> crate::app::Reply {
        self.call(Method::POST, &format!("/api/{path}")).send().await
    }
}

fn bearer(reply: &crate::app::Reply) -> Person {
    let user = &reply.json()["user"];
    Person {
        id: user["id"].as_str().unwrap().parse().unwrap(),
        token: user["access_token"].as_str().unwrap().to_owned(),
    }
}

#[actix_web::test]
async fn whoever_is_new_gets_an_account_and_is_signed_in() {
    let app = TestApp::new();
    app.know(Provider::Github, "ada", true);
    let reply = app.by_github("ada").await;
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    assert_snapshot!(reply, @r#"
    200
    {
      "auth": {
        "access_token": "access-0",
        "expires_in": 1767229200,
        "outcome": "created",
        "provider": "github",
        "refresh_token": "AZt22qgAeU2MABYPTrWrgAAAAABvM0D-q5B5SnJs_PZIY0h84VnsIMAoT4gcqsqrZzWMSQ"
      },
      "message": "The account is made.",
      "msg": "The account is made.",
      "success": true,
      "user": {
        "access_token": "access-0",
        "active": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "email": "ada@example.org",
        "entity_id": "019b76daa8007f458980185dc406ec81",
        "expires_in": 1767229200,
        "first_name": "ada",
        "id": "019b76da-a800-7f45-8980-185dc406ec81",
        "last_name": "Lovelace",
        "latest": 1,
        "login_method": "github",
        "mfa_enabled": false,
        "permissions": [],
        "roles": [
          "user"
        ],
        "username": "ada",
        "verified": 1,
        "verified_on": 1767225600
      }
    }
    "#);
    let ada = bearer(&reply);
    let again = app.by_github("ada").await;
    assert_eq!((again.status, &again.json()["auth"]["outcome"]), (200, &json!("signed_in")));
    let me = app.get("/api/me").by(&bearer(&again)).send().await;
    assert_eq!(me.json()["id"], json!(ada.id.to_string()));
}

#[actix_web::test]
async fn every_provider_signs_in() {
    for (provider, path, field) in CALLS {
        let app = TestApp::new();
        app.know(provider, "ada", true);
        let reply = app.post(path, body(field, "ada")).send().await;
        assert_eq!((reply.status, &reply.json()["auth"]["outcome"]), (200, &json!("created")), "{reply}");
        assert_eq!(reply.json()["user"]["login_method"], json!(provider.as_str()));
    }
}

#[actix_web::test]
async fn an_address_that_has_an_account_gets_a_letter_and_its_link_signs_in() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    app.know(Provider::Github, "ada", true);
    assert_snapshot!(app.by_github("ada").await, @r#"
    202
    {
      "confirmation_required": true,
      "message": "Please follow the link in the letter that was sent to your address.",
      "msg": "Please follow the link in the letter that was sent to your address.",
      "success": true
    }
    "#);
    let path = app.linked_path();
    let page = app.get(&format!("/{path}")).send().await;
    assert!(page.status == 200 && page.text().contains("<button"), "{page}");
    assert!(
        app.get("/api/social").by(&ada).send().await.text().contains("signup"),
        "opening it changes nothing"
    );

    let reply = app.follow(&path).await;
    assert_eq!((reply.status, &reply.json()["user"]["id"]), (200, &json!(ada.id.to_string())), "{reply}");
    assert_snapshot!(app.follow(&path).await, @r#"
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
    assert_eq!(app.by_github("ada").await.json()["auth"]["outcome"], json!("signed_in"));
}

#[actix_web::test]
async fn an_address_nobody_vouches_for_gets_the_same_answer_known_or_unknown() {
    let app = TestApp::new();
    app.person("ada").await;
    for name in ["ada", "bob"] {
        app.know(Provider::Facebook, name, false);
    }
    let come = async |name: &str| app.post("/api/social/facebook", body("accessToken", name)).send().await;
    let (known, unknown) = (come("ada").await, come("bob").await);
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    let made = app.follow(&app.linked_path()).await;
    assert_eq!((made.status, &made.json()["user"]["email"]), (200, &json!("bob@example.org")), "{made}");
}

#[actix_web::test]
async fn a_token_that_is_sent_along_links() {
    let app = TestApp::new();
    let (ada, bob) = (app.confirmed("ada").await, app.confirmed("bob").await);
    app.know(Provider::Github, "octocat", true);
    let link = async |person: &Person| {
        app.post("/api/social/github", body("code", "octocat")).by(person).send().await
    };
    assert_snapshot!(link(&ada).await, @r#"
    200
    {
      "auth": {
        "outcome": "linked",
        "provider": "github"
      },
      "message": "You can sign in this way, too, from now on.",
      "msg": "You can sign in this way, too, from now on.",
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
        "username": "ada",
        "verified": 1,
        "verified_on": 1767225600
      }
    }
    "#);
    assert_snapshot!(link(&bob).await, @r#"
    409
    {
      "code": "login_method_taken",
      "error": 409,
      "message": "this identity belongs to another account",
      "msg": "this identity belongs to another account",
      "request_id": "test",
      "success": false
    }
    "#);
    let expired =
        app.post("/api/social/github", body("code", "octocat")).header("Authorization", "Bearer junk");
    assert_eq!(expired.send().await.status, 401);
    assert_snapshot!(app.get("/api/social").by(&ada).send().await, @r#"
    200
    {
      "login_methods": [
        {
          "profile": {
            "access_token": null,
            "email": null,
            "entity_id": null,
            "expires_in": null,
            "name": null,
            "refresh_token": null,
            "refresh_token_expires_in": null,
            "scope": null,
            "token_type": null,
            "user_name": null
          },
          "provider": "signup"
        },
        {
          "profile": {
            "access_token": "access token of octocat",
            "email": "octocat@example.org",
            "entity_id": "019b76daa80070baa34906e87d0c29c5",
            "expires_in": 1892160000,
            "name": "octocat Lovelace",
            "refresh_token": "refresh token of octocat",
            "refresh_token_expires_in": null,
            "scope": "read:user",
            "token_type": "bearer",
            "user_name": "octocat"
          },
          "provider": "github"
        }
      ],
      "success": true
    }
    "#);
}

#[actix_web::test]
async fn a_way_in_is_deleted_by_its_id_in_either_form_and_the_last_one_stays() {
    let app = TestApp::new();
    app.know(Provider::Github, "ada", true);
    let ada = bearer(&app.by_github("ada").await);
    let ids = async || {
        let listed = app.get("/api/social").by(&ada).send().await.json();
        let methods = listed["login_methods"].as_array().unwrap().clone();
        methods
            .iter()
            .map(|method| method["profile"]["entity_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let delete =
        async |id: &str| app.call(Method::DELETE, &format!("/api/social/{id}")).by(&ada).send().await;
    let github = ids().await.remove(0);
    assert_snapshot!(delete(&github).await, @r#"
    409
    {
      "code": "last_login_method",
      "error": 409,
      "message": "the last way to sign in cannot be deleted: set a password first",
      "msg": "the last way to sign in cannot be deleted: set a password first",
      "request_id": "test",
      "success": false
    }
    "#);

    app.know(Provider::Google, "lovelace", true);
    let linked = app.post("/api/social/google", body("idtoken", "lovelace")).by(&ada).send().await;
    assert_eq!(linked.status, 200, "{linked}");
    let hyphenated = github.parse::<uuid::Uuid>().unwrap().to_string();
    assert_snapshot!(delete(&hyphenated).await, @r#"
    200
    {
      "message": "Login method is deleted",
      "msg": "Login method is deleted",
      "success": true
    }
    "#);
    assert_eq!(ids().await.len(), 1);
    assert_snapshot!(delete(&hyphenated).await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "This user doesn't have login method 019b76da-a800-7fcd-9d7b-39a820e2f465",
      "msg": "This user doesn't have login method 019b76da-a800-7fcd-9d7b-39a820e2f465",
      "request_id": "test",
      "success": false
    }
    "#);
    for junk in ["junk", "1", "%00"] {
        assert_eq!(delete(junk).await.status, 404, "{junk}");
    }
    let eve = app.person("eve").await;
    let foreign = app.call(Method::DELETE, &format!("/api/social/{}", ids().await[0])).by(&eve).send().await;
    assert_eq!(foreign.status, 404);
}

#[actix_web::test]
async fn a_sign_in_can_be_begun_here_and_its_state_is_good_once() {
    let app = TestApp::new();
    app.know(Provider::Github, "ada", true);
    let begun = app.get("/api/social/github/authorize").send().await;
    let state = begun.json()["state"].as_str().unwrap().to_owned();
    assert!(begun.json()["url"].as_str().unwrap().contains(&format!("state={state}")), "{begun}");
    let come = || app.post("/api/social/github", json!({"code": "ada", "state": state})).send();
    assert_eq!(come().await.status, 200);
    assert_snapshot!(come().await, @r#"
    400
    {
      "code": "invalid_state",
      "error": 400,
      "message": "the state is not good, or not any more: begin anew",
      "msg": "the state is not good, or not any more: begin anew",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get("/api/social/myspace/authorize").send().await.status, 404);
}

#[actix_web::test]
async fn what_does_not_sign_in_says_why() {
    let app = TestApp::new();
    assert_snapshot!(app.by_github("nobody").await, @r#"
    401
    {
      "code": "identity_rejected",
      "error": 401,
      "message": "the proof is not good",
      "msg": "the proof is not good",
      "request_id": "test",
      "success": false
    }
    "#);
    let away = app.by_github(FakeProvider::AWAY).await;
    assert_eq!((away.status, away.header("Retry-After")), (503, Some("5")));
    let mut nameless = FakeProvider::identity("ada", true);
    nameless.email = None;
    app.people.provider(Provider::Github).know("nameless", nameless);
    assert_eq!(app.by_github("nameless").await.json()["code"], json!("address_missing"));

    let off = TestApp::of(TestAccounts::with(|parts| parts.identity_providers.clear()), |_| {});
    for (_, path, field) in CALLS {
        let reply = off.post(path, body(field, "ada")).send().await;
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("provider_not_set_up")), "{reply}");
    }
    let strict = TestApp::of(TestAccounts::with(|parts| parts.policy.social_state_required = true), |_| {});
    let reply = strict.by_github("ada").await;
    assert_eq!((reply.status, &reply.json()["details"][0]["field"]), (422, &json!("state")), "{reply}");
}

#[actix_web::test]
async fn bad_input_names_the_field() {
    let app = TestApp::new();
    let long = "x".repeat(16 * 1024 + 1);
    for (_, path, field) in CALLS {
        let mut bodies = vec![(422, json!({"userID": "1"})), (400, json!({"userID": "1", field: 5}))];
        for bad in [json!(null), json!(""), json!(" \t"), json!("a\u{0}b"), json!("a\nb"), json!(long)] {
            bodies.push((422, json!({"userID": "1", field: bad})));
        }
        for (status, body) in bodies {
            let reply = app.post(path, body).send().await;
            let named = reply.json()["details"][0]["field"].as_str().map(str::to_owned);
            assert_eq!((reply.status, named.as_deref()), (status, Some(field)), "{path} {reply}");
        }
        assert_eq!(app.post(path, json!({field: "x", "userID": "1", "state": 1})).send().await.status, 400);
    }
    for bad in [json!(null), json!(""), json!("1 or 2"), json!("１"), json!("9".repeat(65)), json!("../me")]
    {
        let reply = app.post("/api/social/facebook", json!({"accessToken": "x", "userID": bad})).send().await;
        assert_eq!((reply.status, &reply.json()["details"][0]["field"]), (422, &json!("userID")), "{reply}");
    }
    for path in ["link_social/junk/junk", "link_social/%00/%FF"] {
        assert_eq!(app.follow(path).await.status, 400, "{path}");
    }
    for (method, path) in [(Method::GET, "/api/social"), (Method::DELETE, "/api/social/1")] {
        assert_eq!(app.call(method, path).send().await.status, 401);
    }
}

#[actix_web::test]
async fn tokens_and_links_of_one_kind_are_none_of_another() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let confirming = app.people.store.mailed_token().unwrap();
    let uidb64 = URL_SAFE_NO_PAD.encode(ada.id.to_string());
    assert_eq!(app.follow(&format!("link_social/{}/{uidb64}", confirming.expose())).await.status, 400);
    let begun = app.people.accounts.begin_social(Provider::Github, None, &Device::default()).await.unwrap();
    assert_eq!(app.follow(&format!("link_social/{}/{uidb64}", begun.state.expose())).await.status, 400);
    let reply =
        app.post("/api/social/github", json!({"code": "x", "state": confirming.expose()})).send().await;
    assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("invalid_state")));
    let verified =
        app.call(Method::POST, &format!("/api/verify/{}/{uidb64}", confirming.expose())).send().await;
    assert_eq!(verified.status, 200, "none of it was spent");
}

#[actix_web::test]
async fn the_second_factor_is_asked_for() {
    let app = TestApp::new();
    let ada = app.confirmed("ada").await;
    app.know(Provider::Github, "octocat", true);
    let linked = app.post("/api/social/github", body("code", "octocat")).by(&ada).send().await;
    assert_eq!(linked.status, 200, "{linked}");
    app.people.with_mfa("ada").await;
    let reply = app.by_github("octocat").await;
    assert_eq!((reply.status, &reply.json()["mfa_required"]), (200, &json!(true)), "{reply}");
    assert!(reply.json().get("auth").is_none() && reply.json().get("user").is_none());
}
