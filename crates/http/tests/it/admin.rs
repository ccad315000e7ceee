use crate::app::{Call, Person, Reply, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_accounts::ports::LoginName;
use square_accounts::{Actor, Device};
use square_kernel::UserId;

impl TestApp {
    /// Somebody with a role beside the one that everybody has.
    async fn with_role(&self, name: &str, role: &str) -> Person {
        let id = self.people.register(name).await.id;
        let login = LoginName::Username(name.to_owned());
        self.people.accounts.grant_role(&login, role, &Actor::default()).await.expect("given");
        let signed_in = self.people.sign_in(name).await;
        Person { id, token: signed_in.tokens.access.expose().to_owned() }
    }

    fn change(&self, user: UserId, body: &Value) -> Call<'_> {
        self.call(Method::PATCH, &format!("/api/users/{user}")).json(body)
    }

    fn remove(&self, user: UserId) -> Call<'_> {
        self.call(Method::DELETE, &format!("/api/users/{user}"))
    }
}

/// An administrator and somebody else.
async fn two() -> (TestApp, Person, Person) {
    let app = TestApp::new();
    let root = app.with_role("root", "admin").await;
    let ada = app.person("ada").await;
    (app, root, ada)
}

fn names(reply: &Reply) -> Vec<String> {
    let json = reply.json();
    let users = json["users"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let mut names: Vec<_> = users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[actix_web::test]
async fn an_administrator_sees_accounts() {
    let (app, root, _) = two().await;
    assert_snapshot!(app.get("/api/users?search=ADA@&active=1&role=user").by(&root).send().await, @r#"
    200
    {
      "next_cursor": null,
      "success": true,
      "users": [
        {
          "active": 1,
          "created_at": "2026-01-01T00:00:00Z",
          "email": "ada@example.org",
          "entity_id": "019b76daa800744f9183a0e96634ac85",
          "first_name": "",
          "id": "019b76da-a800-744f-9183-a0e96634ac85",
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
      ]
    }
    "#);
}

#[actix_web::test]
async fn accounts_are_found_by_name_standing_and_role_and_come_in_pages() {
    let (app, root, ada) = two().await;
    app.person("bob").await;
    app.change(ada.id, &json!({"active": 0})).by(&root).send().await;
    let found = async |query: &str| names(&app.get(&format!("/api/users?{query}")).by(&root).send().await);
    assert_eq!(found("").await, ["ada", "bob", "root"]);
    assert_eq!(found("search=&active=&role=").await, ["ada", "bob", "root"]);
    assert_eq!(found("search=%20Bo").await, ["bob"]);
    assert_eq!(found("active=0").await, ["ada"]);
    assert_eq!(found("active=true&role=admin").await, ["root"]);
    assert_eq!(found("role=king").await, Vec::<String>::new());

    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let reply = app.get(&format!("/api/users?{query}")).by(&root).send().await;
        seen.extend(names(&reply));
        match reply.json()["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["ada", "bob", "root"]);
}

#[actix_web::test]
async fn what_cannot_be_asked_for_is_named() {
    let (app, root, _) = two().await;
    let path = "/api/users?search=a%00b&active=2";
    assert_snapshot!(app.get(path).by(&root).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "search",
          "message": "must not contain control characters"
        },
        {
          "field": "active",
          "message": "must be 1 or 0"
        }
      ],
      "error": 422,
      "message": "search must not contain control characters; active must be 1 or 0",
      "msg": "search must not contain control characters; active must be 1 or 0",
      "request_id": "test",
      "success": false
    }
    "#);
    let path = "/api/audit?user=x&action=nothing&from=yesterday&until=2026-13-01T00:00:00Z";
    assert_snapshot!(app.get(path).by(&root).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "user",
          "message": "must be a UUID, hyphenated or as 32 hex digits"
        },
        {
          "field": "action",
          "message": "is no kind of entry"
        },
        {
          "field": "from",
          "message": "must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z"
        },
        {
          "field": "until",
          "message": "must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z"
        }
      ],
      "error": 422,
      "message": "user must be a UUID, hyphenated or as 32 hex digits; action is no kind of entry; from must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z; until must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z",
      "msg": "user must be a UUID, hyphenated or as 32 hex digits; action is no kind of entry; from must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z; until must be a time written as RFC 3339 says, such as 2026-01-31T12:00:00Z",
      "request_id": "test",
      "success": false
    }
    "#);
    for path in ["/api/users?cursor=x", "/api/audit?cursor=x", "/api/me/audit?cursor=1_x"] {
        let reply = app.get(path).by(&root).send().await;
        assert_eq!((reply.status, &reply.json()["details"][0]["field"]), (422, &json!("cursor")), "{reply}");
    }
}

#[actix_web::test]
async fn an_account_is_changed_at_once() {
    let (app, root, ada) = two().await;
    let reply =
        app.change(ada.id, &json!({"active": true, "roles": ["casting_assistant"]})).by(&root).send().await;
    assert_snapshot!(reply, @r#"
    200
    {
      "message": "The account is changed.",
      "msg": "The account is changed.",
      "success": true,
      "user": {
        "active": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "email": "ada@example.org",
        "entity_id": "019b76daa800744f9183a0e96634ac85",
        "first_name": "",
        "id": "019b76da-a800-744f-9183-a0e96634ac85",
        "last_name": "",
        "latest": 1,
        "login_method": "signup",
        "mfa_enabled": false,
        "permissions": [
          "get:actors",
          "get:movies"
        ],
        "roles": [
          "casting_assistant"
        ],
        "username": "ada",
        "verified": 0,
        "verified_on": null
      }
    }
    "#);
    assert_eq!(app.get("/api/me").by(&ada).send().await.status, 401, "its token shows too little");
    let shown = app.get(&format!("/api/users/{}", ada.id)).by(&root).send().await;
    assert_eq!(shown.json(), reply.json()["user"]);

    let nothing = app.change(ada.id, &json!({"roles": null})).by(&root).send().await;
    assert_eq!(nothing.json()["user"], reply.json()["user"]);
    let suspended = app.change(ada.id, &json!({"active": 0})).by(&root).send().await;
    assert_eq!(suspended.json()["user"]["active"], json!(0));
    let login = json!({"username": "ada", "password": "correct horse"});
    assert_eq!(app.post("/api/login", login).send().await.status, 401);
}

#[actix_web::test]
async fn what_cannot_be_changed_is_named() {
    let (app, root, ada) = two().await;
    assert_snapshot!(app.change(ada.id, &json!({"roles": ["king"]})).by(&root).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "roles",
          "message": "must name roles that exist; there is no 'king'"
        }
      ],
      "error": 422,
      "message": "roles must name roles that exist; there is no 'king'",
      "msg": "roles must name roles that exist; there is no 'king'",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_snapshot!(app.change(ada.id, &json!({"active": 2})).by(&root).send().await, @r#"
    400
    {
      "code": "malformed_request",
      "details": [
        {
          "field": "active",
          "message": "invalid value: integer `2`, expected true, false, 1 or 0"
        }
      ],
      "error": 400,
      "message": "active: invalid value: integer `2`, expected true, false, 1 or 0",
      "msg": "active: invalid value: integer `2`, expected true, false, 1 or 0",
      "request_id": "test",
      "success": false
    }
    "#);
    for (body, status, field) in [
        (json!({"roles": ["Not a name\n"]}), 422, "roles"),
        (json!({"roles": vec!["user"; 101]}), 422, "roles"),
        (json!({"roles": "admin"}), 400, "roles"),
        (json!({"roles": [1]}), 400, "roles[0]"),
        (json!({"active": "yes"}), 400, "active"),
    ] {
        let reply = app.change(ada.id, &body).by(&root).send().await;
        assert_eq!((reply.status, &reply.json()["details"][0]["field"]), (status, &json!(field)), "{reply}");
    }
    let unknown =
        app.call(Method::PATCH, "/api/users/nobody").json(&json!({"active": 1})).by(&root).send().await;
    assert_eq!(unknown.status, 404);
}

#[actix_web::test]
async fn nobody_suspends_or_deletes_themselves_and_the_last_administrator_stays() {
    let (app, root, _) = two().await;
    assert_snapshot!(app.change(root.id, &json!({"active": 0})).by(&root).send().await, @r#"
    409
    {
      "code": "own_account",
      "error": 409,
      "message": "nobody suspends or deletes their own account here",
      "msg": "nobody suspends or deletes their own account here",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_snapshot!(app.change(root.id, &json!({"roles": ["user"]})).by(&root).send().await, @r#"
    409
    {
      "code": "last_administrator",
      "error": 409,
      "message": "this is the last administrator; make another one first",
      "msg": "this is the last administrator; make another one first",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.remove(root.id).by(&root).send().await.json()["code"], json!("own_account"));
    assert_eq!(app.get("/api/me").by(&root).send().await.status, 200);
}

#[actix_web::test]
async fn an_account_is_deleted() {
    let (app, root, ada) = two().await;
    assert_snapshot!(app.remove(ada.id).by(&root).send().await, @r#"
    200
    {
      "message": "The account is gone.",
      "msg": "The account is gone.",
      "success": true
    }
    "#);
    assert_eq!(app.get("/api/me").by(&ada).send().await.status, 401);
    assert_eq!(app.remove(ada.id).by(&root).send().await.status, 404);
    assert_eq!(app.get(&format!("/api/users/{}", ada.id)).by(&root).send().await.status, 404);
}

#[actix_web::test]
async fn every_call_takes_its_permission() {
    let (app, root, ada) = two().await;
    assert_snapshot!(app.get("/api/users").by(&ada).send().await, @r#"
    403
    {
      "code": "not_allowed",
      "error": 403,
      "message": "this takes the permission get:users",
      "msg": "this takes the permission get:users",
      "request_id": "test",
      "success": false
    }
    "#);
    let (user, body) = (format!("/api/users/{}", root.id), json!({"roles": ["user"]}));
    let calls = || {
        [
            app.get("/api/users"),
            app.get("/api/account_roles"),
            app.get("/api/audit"),
            app.get(&user),
            app.change(root.id, &body),
            app.remove(root.id),
        ]
    };
    for call in calls() {
        assert_eq!(call.by(&ada).send().await.status, 403);
    }
    for call in calls() {
        assert_eq!(call.send().await.status, 401);
    }
    // Each permission opens its own calls only.
    for (permission, open) in
        [("get:users", &[0, 1, 3][..]), ("get:audit", &[2]), ("delete:users", &[]), ("patch:movies", &[])]
    {
        let role = permission.replace(':', "_");
        app.people.store.set_role(&role, &[permission]);
        let holder = app.with_role(&role, &role).await;
        for (index, call) in calls().into_iter().enumerate().take(5) {
            let status = call.by(&holder).send().await.status;
            assert_eq!(status, if open.contains(&index) { 200 } else { 403 }, "{permission} {index}");
        }
    }
}

#[actix_web::test]
async fn nobody_gives_themselves_rights_by_sending_more_fields() {
    let app = TestApp::new();
    let more = json!({"roles": ["admin"], "permissions": ["patch:users"], "active": 1, "verified": 1, "id": "0", "rights": 9});
    let with = |mut body: Value| {
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let body = json!({"username": "ada", "email": "ada@example.org", "password": "correct horse"});
    let registered = app.post("/api/register", with(body)).send().await;
    assert_eq!(registered.status, 201, "{registered}");
    let body = json!({
        "login_method": "signup", "first_name": "Bob", "last_name": "Bee", "email": "bob@example.org", "password": "correct horse",
    });
    assert_eq!(app.post("/api/signup", with(body)).send().await.status, 201);
    for name in ["ada", "bob"] {
        let token = app.people.sign_in(name).await.tokens.access;
        let person =
            Person { id: app.people.sign_in(name).await.account.id, token: token.expose().to_owned() };
        let edited = app
            .call(Method::PATCH, "/api/me")
            .json(&with(json!({"first_name": "Ada"})))
            .by(&person)
            .send()
            .await;
        assert_eq!(edited.status, 200, "{edited}");
        let me = app.get("/api/me").by(&person).send().await.json();
        assert_eq!(
            (&me["roles"], &me["permissions"], &me["verified"]),
            (&json!(["user"]), &json!([]), &json!(0))
        );
    }
}

#[actix_web::test]
async fn roles_are_shown() {
    let (app, root, _) = two().await;
    let reply = app.get("/api/account_roles").by(&root).send().await;
    assert_snapshot!(json!({"status": reply.status, "first": reply.json()["roles"][0]}), @r#"{"first":{"holders":1,"name":"admin","permissions":["delete:users","get:audit","get:users","patch:users"]},"status":200}"#);
}

#[actix_web::test]
async fn the_audit_log_tells_who_did_what_when_from_where() {
    let (app, root, ada) = two().await;
    let change = app.change(ada.id, &json!({"active": 0})).by(&root).header("User-Agent", "Console/1.0");
    change.send().await;
    let path = format!(
        "/api/audit?user={}&action=suspended&from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z",
        ada.id
    );
    let reply = app.get(&path).by(&root).send().await;
    let entry = reply.json()["entries"][0].clone();
    assert_eq!(reply.json()["entries"].as_array().map(Vec::len), Some(1), "{reply}");
    assert_eq!(
        (&entry["actor_id"], &entry["user_id"], &entry["agent"]),
        (&json!(root.id.to_string()), &json!(ada.id.to_string()), &json!("Console/1.0"))
    );
    let keys: Vec<_> = entry.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["action", "actor_id", "address", "agent", "at", "detail", "id", "user_id"]);

    let page = app.get("/api/audit?limit=1").by(&root).send().await;
    let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
    let next = app.get(&format!("/api/audit?limit=1&cursor={cursor}")).by(&root).send().await;
    assert_ne!(next.json()["entries"][0]["id"], page.json()["entries"][0]["id"]);
}

#[actix_web::test]
async fn everybody_reads_their_own_entries_and_no_others() {
    let (app, root, ada) = two().await;
    let device = Device { address: Some("192.0.2.1".to_owned()), ..Device::default() };
    let signed_out = app.people.accounts.authenticate(&root.token).unwrap().identity.unwrap();
    app.people.accounts.sign_out(&signed_out, &device).await.unwrap();
    for path in ["/api/me/audit".to_owned(), format!("/api/me/audit?user={}", root.id)] {
        let reply = app.get(&path).by(&ada).send().await;
        let json = reply.json();
        let entries = json["entries"].as_array().unwrap();
        assert!(!entries.is_empty());
        assert!(entries.iter().all(|entry| entry["user_id"] == json!(ada.id.to_string())), "{reply}");
    }
    assert_eq!(app.get("/api/me/audit").send().await.status, 401);
}
