//! One's own sessions.

use crate::app::{Person, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::json;
use square_accounts::testing::TestAccounts;

impl TestApp {
    /// Signs somebody who is registered in, from another place.
    async fn again(&self, person: &Person, name: &str, agent: &str) -> Person {
        self.people.clock.advance(SignedDuration::from_secs(1));
        let body = json!({"username": name, "password": TestAccounts::PASSWORD});
        let call = self.post("/api/login", body).from("192.0.2.7").header("User-Agent", agent);
        let reply = call.send().await.json();
        Person { id: person.id, token: reply["access_token"].as_str().unwrap().to_owned() }
    }

    async fn is_in(&self, person: &Person) -> bool {
        self.get("/api/me").by(person).send().await.status == 200
    }

    async fn ids(&self, person: &Person) -> Vec<String> {
        let list = self.get("/api/sessions").by(person).send().await.json();
        let sessions = list["sessions"].as_array().unwrap().iter();
        sessions.map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[actix_web::test]
async fn one_sees_where_one_is_signed_in() {
    let app = TestApp::new();
    let here = app.person("ada").await;
    app.again(&here, "ada", "Browser/1").await;
    app.person("eve").await;
    let list = app.get("/api/sessions").by(&here).send().await;
    assert_eq!(list.header("cache-control"), Some("no-store"));
    assert_snapshot!(list, @r#"
    200
    {
      "next_cursor": null,
      "sessions": [
        {
          "address": "192.0.2.7",
          "agent": "Browser/1",
          "created_at": "2026-01-01T00:00:01Z",
          "current": false,
          "expires_at": "2026-01-31T00:00:01Z",
          "id": "019b76da-abe8-779e-8b10-2b6001db0df1",
          "last_seen_at": "2026-01-01T00:00:01Z"
        },
        {
          "address": null,
          "agent": null,
          "created_at": "2026-01-01T00:00:00Z",
          "current": true,
          "expires_at": "2026-01-31T00:00:00Z",
          "id": "019b76da-a800-794d-8c00-160f4eb5ab80",
          "last_seen_at": "2026-01-01T00:00:00Z"
        }
      ],
      "success": true
    }
    "#);
    assert_eq!(app.get("/api/sessions").send().await.status, 401);
}

#[actix_web::test]
async fn the_list_comes_page_by_page() {
    let app = TestApp::new();
    let here = app.person("ada").await;
    for _ in 0..2 {
        app.again(&here, "ada", "Browser/1").await;
    }
    let all = app.ids(&here).await;
    let first = app.get("/api/sessions?limit=2").by(&here).send().await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(cursor, all[1]);
    let rest = app.get(&format!("/api/sessions?limit=2&cursor={cursor}")).by(&here).send().await.json();
    assert_eq!((rest["sessions"][0]["id"].as_str(), &rest["next_cursor"]), (Some(&*all[2]), &json!(null)));
    assert_eq!(app.get("/api/sessions?cursor=x").by(&here).send().await.status, 422);
}

#[actix_web::test]
async fn one_ends_a_session_of_ones_own_and_no_other() {
    let app = TestApp::new();
    let (here, eve) = (app.person("ada").await, app.person("eve").await);
    let there = app.again(&here, "ada", "Browser/1").await;
    let id = &app.ids(&here).await[0];
    let path = format!("/api/sessions/{id}");
    let unknown = format!("/api/sessions/{}", here.id);
    for (person, path) in [(&eve, path.as_str()), (&here, unknown.as_str()), (&here, "/api/sessions/x")] {
        assert_eq!(app.call(Method::DELETE, path).by(person).send().await.status, 404, "{path}");
    }
    assert!(app.is_in(&there).await);
    assert_snapshot!(app.call(Method::DELETE, &path).by(&here).send().await, @r#"
    200
    {
      "message": "The session is over.",
      "msg": "The session is over.",
      "success": true
    }
    "#);
    assert_eq!((app.is_in(&there).await, app.is_in(&here).await), (false, true));
    assert_snapshot!(app.call(Method::DELETE, &path).by(&here).send().await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "there is no such session",
      "msg": "there is no such session",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn one_ends_all_sessions_but_this() {
    let app = TestApp::new();
    let (first, eve) = (app.person("ada").await, app.person("eve").await);
    let (second, third) =
        (app.again(&first, "ada", "Browser/1").await, app.again(&first, "ada", "Browser/2").await);
    assert_snapshot!(app.call(Method::DELETE, "/api/sessions").by(&second).send().await, @r#"
    200
    {
      "message": "All other sessions are over.",
      "msg": "All other sessions are over.",
      "success": true
    }
    "#);
    assert_eq!(
        (app.is_in(&first).await, app.is_in(&second).await, app.is_in(&third).await, app.is_in(&eve).await),
        (false, true, false, true)
    );
}
