use crate::app::TestApp;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use futures::Stream;
use insta::assert_snapshot;
use serde_json::json;
use square_skills::testing::ScriptedSkill;
use std::pin::Pin;

type Endless = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

const UNKNOWN: &str = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0";

#[actix_web::test]
async fn bodies_that_are_no_json_object_are_malformed() {
    let app = TestApp::new();
    let send =
        |body: &'static str| app.call(Method::POST, "/api/login").text("application/json", body).send();
    assert_snapshot!(send("{\"username\": ").await, @r#"
    400
    {
      "code": "malformed_request",
      "error": 400,
      "message": "the body is not valid JSON: EOF while parsing a value at line 1 column 13",
      "msg": "the body is not valid JSON: EOF while parsing a value at line 1 column 13",
      "request_id": "test",
      "success": false
    }
    "#);
    for body in ["", "null", "[]", "\"x\"", "{} {}", "\u{0}", "{'a': 1}"] {
        let reply = send(body).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (400, Some("malformed_request")), "{body}");
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(app.call(Method::POST, "/api/login").text("application/json", &deep).send().await.status, 400);
}

#[actix_web::test]
async fn wrong_types_name_their_field() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    assert_snapshot!(app.post("/api/login", json!({"username": 5, "password": "x"})).send().await, @r#"
    400
    {
      "code": "malformed_request",
      "details": [
        {
          "field": "username",
          "message": "invalid type: integer `5`, expected a string"
        }
      ],
      "error": 400,
      "message": "username: invalid type: integer `5`, expected a string",
      "msg": "username: invalid type: integer `5`, expected a string",
      "request_id": "test",
      "success": false
    }
    "#);
    let body = json!({"question": "Who?", "options": {"maxQuerriedSkills": true}});
    assert_snapshot!(app.post("/api/question", body).send().await, @r#"
    400
    {
      "code": "malformed_request",
      "details": [
        {
          "field": "options.maxQuerriedSkills",
          "message": "invalid type: boolean `true`, expected a whole number"
        }
      ],
      "error": 400,
      "message": "options.maxQuerriedSkills: invalid type: boolean `true`, expected a whole number",
      "msg": "options.maxQuerriedSkills: invalid type: boolean `true`, expected a whole number",
      "request_id": "test",
      "success": false
    }
    "#);
    for (path, body, field) in [
        ("/api/register", json!({"username": ["ada"]}), "username"),
        ("/api/signup", json!({"email": {}}), "email"),
        ("/api/token/refresh", json!({"refresh_token": 1}), "refresh_token"),
        ("/api/confirmEmail", json!({"token": false}), "token"),
        ("/api/resend_confirmation", json!({"email": 1.5}), "email"),
        ("/api/skill", json!({"name": "A", "url": 80}), "url"),
        (
            "/api/question",
            json!({"question": "Who?", "options": {"selectedSkills": {}}}),
            "options.selectedSkills",
        ),
        ("/api/question", json!({"query": "Who?", "num_results": "ten"}), "num_results"),
    ] {
        let reply = app.post(path, body).by(&ada).send().await;
        assert_eq!(
            (reply.status, reply.json()["details"][0]["field"].as_str()),
            (400, Some(field)),
            "{reply}"
        );
    }
}

#[actix_web::test]
async fn missing_null_and_overlong_values_break_a_rule() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let long = "x".repeat(5000);
    for (path, body, field) in [
        ("/api/register", json!({}), "username"),
        ("/api/register", json!({"username": long, "password": long}), "username"),
        ("/api/register", json!({"username": "eve", "password": "correct horse"}), "email"),
        ("/api/signup", json!({"email": null, "password": "correct horse"}), "email"),
        (
            "/api/signup",
            json!({"login_method": "github", "email": "a@b.cd", "password": "correct horse"}),
            "login_method",
        ),
        ("/api/login", json!({"username": null, "password": "x"}), "username"),
        ("/api/login", json!({"username": "ada"}), "password"),
        ("/api/token/refresh", json!({}), "refresh_token"),
        ("/api/confirmEmail", json!({"token": ""}), "token"),
        ("/api/resend_confirmation", json!({"email": "ada"}), "email"),
        ("/api/skill", json!({"url": "http://a"}), "name"),
        ("/api/skill", json!({"name": "A", "url": "ftp://a"}), "url"),
        ("/api/skill", json!({"name": "A", "url": "http://a", "protocol": "builtin"}), "protocol"),
        ("/api/skill", json!({"name": "A", "url": "http://a", "description": long}), "description"),
        ("/api/skill", json!({"name": "A", "url": "http://a", "secret": "two words"}), "secret"),
        ("/api/question", json!({}), "question"),
        ("/api/question", json!({"query": long}), "query"),
        ("/api/question?deadline_ms=0", json!({"question": "Who?"}), "deadline_ms"),
        ("/api/question?deadline_ms=soon", json!({"question": "Who?"}), "deadline_ms"),
    ] {
        let reply = app.post(path, body).by(&ada).send().await;
        assert_eq!(
            (reply.status, reply.json()["details"][0]["field"].as_str()),
            (422, Some(field)),
            "{path} {reply}"
        );
    }
    for path in
        ["/api/skills?limit=0", "/api/skills?limit=201", "/api/skills?limit=x", "/api/questions?limit=-1"]
    {
        assert_eq!(app.get(path).by(&ada).send().await.json()["details"][0]["field"], "limit", "{path}");
    }
    assert_snapshot!(app.get("/api/skills?cursor=x").send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "cursor",
          "message": "must be a next_cursor that was given out"
        }
      ],
      "error": 422,
      "message": "cursor must be a next_cursor that was given out",
      "msg": "cursor must be a next_cursor that was given out",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn unknown_things_are_not_found() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    assert_snapshot!(app.get("/api/skill/5").send().await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "there is no such skill",
      "msg": "there is no such skill",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_snapshot!(app.get("/nowhere").send().await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "there is nothing at this path",
      "msg": "there is nothing at this path",
      "request_id": "test",
      "success": false
    }
    "#);
    for path in ["/api", "/api/", "/api/nowhere", "/api/skill", "/apidocs/nowhere.js", "/assets/nowhere.js"] {
        let status = app.get(path).send().await;
        assert!([404, 405].contains(&status.status), "{path} {status}");
        assert_eq!(status.json()["success"], false, "{path}");
    }
    for path in ["skill/{}", "question/{}", "question/{}/events", "skill/{}/training"] {
        for id in [UNKNOWN, "x", "%00", "{01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0}"] {
            let path = format!("/api/{}", path.replace("{}", id).replace(['{', '}'], ""));
            let reply = app.get(&path).by(&ada).send().await;
            assert_eq!((reply.status, reply.json()["code"].as_str()), (404, Some("not_found")), "{path}");
        }
    }
    let skill = format!("/api/skill/{UNKNOWN}");
    let body = json!({"name": "A", "url": "http://a"});
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        assert_eq!(app.call(method, &skill).json(&body).by(&ada).send().await.status, 404);
    }
    assert_eq!(app.call(Method::DELETE, &skill).by(&ada).send().await.status, 404);
    assert_eq!(app.call(Method::POST, &format!("{skill}/unpublish")).by(&ada).send().await.status, 404);
}

#[actix_web::test]
async fn the_wrong_method_is_told_the_right_ones() {
    let app = TestApp::new();
    let reply = app.call(Method::DELETE, "/api/skills").send().await;
    assert_eq!(reply.header("Allow"), Some("GET, HEAD"));
    assert_snapshot!(reply, @r#"
    405
    {
      "code": "method_not_allowed",
      "error": 405,
      "message": "DELETE is not allowed here",
      "msg": "DELETE is not allowed here",
      "request_id": "test",
      "success": false
    }
    "#);
    let reply = app.get("/api/skill/5/unpublish").send().await;
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("POST")));
    let reply = app.call(Method::OPTIONS, &format!("/api/skill/{UNKNOWN}")).send().await;
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("GET, POST, PUT, PATCH, DELETE, HEAD")));
}

#[actix_web::test]
async fn large_bodies_are_refused_before_they_are_read() {
    let app = TestApp::with(|settings| settings.json_limit = 100);
    let body = json!({"question": "x".repeat(100)});
    assert_snapshot!(app.post("/api/question", body.clone()).send().await, @r#"
    413
    {
      "code": "payload_too_large",
      "error": 413,
      "message": "the body must have at most 100 bytes",
      "msg": "the body must have at most 100 bytes",
      "request_id": "test",
      "success": false
    }
    "#);
    let chunked = app.post("/api/question", body).header("Content-Length", "1");
    assert_eq!(chunked.send().await.status, 413);
}

#[actix_web::test]
async fn other_media_types_are_refused() {
    let app = TestApp::new();
    let form = app.call(Method::POST, "/api/login").text("application/x-www-form-urlencoded", "username=ada");
    assert_snapshot!(form.send().await, @r#"
    415
    {
      "code": "unsupported_media_type",
      "error": 415,
      "message": "the body must be application/json",
      "msg": "the body must be application/json",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.call(Method::POST, "/api/login").send().await.status, 415);
    let problem = app.call(Method::POST, "/api/login").text("application/x+json; charset=utf-8", "{}");
    assert_eq!(problem.send().await.status, 422);
}

#[actix_web::test]
async fn a_body_that_never_ends_is_given_up() {
    tokio::time::pause();
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let answers = ScriptedSkill::always(Ok(Vec::new()));
    let skill = format!("/api/skill/{}/train", app.skill(&ada, "Weather", answers).await);
    let service = init_service(app.api.app(&|_| {})).await;
    for (path, media_type, seconds) in
        [("/api/question", "application/json", 10), (&skill, "multipart/form-data; boundary=XX", 120)]
    {
        let request = TestRequest::post().uri(path).insert_header(("Content-Type", media_type));
        let request = request.insert_header(("Authorization", format!("Bearer {}", ada.token))).to_request();
        let payload: Endless = Box::pin(futures::stream::pending());
        let begun = tokio::time::Instant::now();
        let response = call_service(&service, request.replace_payload(Payload::Stream { payload }).0).await;
        assert_eq!((response.status().as_u16(), begun.elapsed().as_secs()), (408, seconds), "{path}");
    }
}
