use crate::app::{TestApp, form};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::json;
use square_skills::testing::ScriptedSkill;

fn silent() -> std::sync::Arc<ScriptedSkill> {
    ScriptedSkill::always(Ok(Vec::new()))
}

#[actix_web::test]
async fn a_new_skill_is_unpublished() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let body = json!({"name": "Weather", "url": "http://weather/", "description": "Knows the weather.", "secret": "s3cret"});
    assert_snapshot!(app.post("/api/skill", body).by(&ada).send().await, @r#"
    201
    {
      "created_at": "2026-01-01T00:00:00Z",
      "description": "Knows the weather.",
      "examples": [],
      "health": "unknown",
      "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "is_published": false,
      "name": "Weather",
      "owner_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "protocol": "square",
      "updated_at": "2026-01-01T00:00:00Z",
      "url": "http://weather"
    }
    "#);
}

#[actix_web::test]
async fn who_has_not_confirmed_owns_nothing() {
    let app = TestApp::new();
    let account = app.people.register("ada").await;
    let token = app.people.sign_in("ada").await.tokens.access.expose().to_owned();
    let ada = crate::app::Person { id: account.id, token };
    assert_snapshot!(app.post("/api/skill", json!({"name": "A", "url": "http://a"})).by(&ada).send().await, @r#"
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
}

#[actix_web::test]
async fn a_taken_name_and_a_forbidden_address_are_told() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    app.skill(&ada, "Weather", silent()).await;
    let taken = json!({"name": "weather", "url": "http://other"});
    assert_snapshot!(app.post("/api/skill", taken).by(&ada).send().await, @r#"
    409
    {
      "code": "already_exists",
      "details": [
        {
          "field": "name",
          "message": "is taken"
        }
      ],
      "error": 409,
      "message": "name is taken",
      "msg": "name is taken",
      "request_id": "test",
      "success": false
    }
    "#);
    let private = json!({"name": "Other", "url": "http://10.0.0.1"});
    assert_snapshot!(app.post("/api/skill", private).by(&ada).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "url",
          "message": "must not lead into a private network"
        }
      ],
      "error": 422,
      "message": "url must not lead into a private network",
      "msg": "url must not lead into a private network",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn the_list_has_published_skills_and_ones_own() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let published = app.skill(&ada, "Published", silent()).await;
    app.people.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
    app.skill(&ada, "Hidden", silent()).await;
    let names = |reply: crate::app::Reply| {
        let list = reply.json().as_array().unwrap().clone();
        list.iter().map(|skill| skill["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(app.get("/api/skills").send().await), "");
    app.publish(&ada, &published).await;
    assert_eq!(names(app.get("/api/skills").send().await), "Published");
    assert_eq!(names(app.get("/api/skills").by(&bob).send().await), "Published");
    assert_eq!(names(app.get("/api/skills").by(&ada).send().await), "Published Hidden");
    app.call(Method::DELETE, &format!("/api/skill/{published}")).by(&ada).send().await;
    assert_eq!(names(app.get("/api/skills").send().await), "");
}

#[actix_web::test]
async fn a_list_is_cut_into_pages_where_a_limit_is_given() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for name in ["A1", "B2", "C3"] {
        app.skill(&ada, name, silent()).await;
        app.people.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
    }
    let (mut path, mut seen) = ("/api/skills?limit=2".to_owned(), Vec::new());
    loop {
        let reply = app.get(&path).by(&ada).send().await;
        assert_eq!(reply.header("X-Total-Count"), Some("3"), "{reply}");
        let page = reply.json().as_array().unwrap().clone();
        seen.push(page.iter().map(|skill| skill["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(link) = reply.header("Link") else { break };
        path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(seen, [vec!["A1", "B2"], vec!["C3"]]);
}

#[actix_web::test]
async fn an_unpublished_skill_is_its_owners_secret() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let path = format!("/api/skill/{}", app.skill(&ada, "Hidden", silent()).await);
    assert_eq!(app.get(&path).by(&ada).send().await.status, 200);
    assert_eq!(app.get(&path.replace('-', "")).by(&ada).send().await.status, 200);
    assert_snapshot!(app.get(&path).by(&bob).send().await, @r#"
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
    let change = json!({"description": "Mine now."});
    assert_eq!(app.call(Method::PATCH, &path).json(&change).by(&bob).send().await.status, 404);
}

#[actix_web::test]
async fn anothers_skill_cannot_be_touched() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let id = app.skill(&ada, "Weather", silent()).await;
    app.publish(&ada, &id).await;
    let path = format!("/api/skill/{id}");
    let before = app.get(&path).send().await.to_string();
    let body = json!({"name": "Mine", "url": "http://mine"});
    assert_snapshot!(app.call(Method::DELETE, &path).by(&bob).send().await, @r#"
    403
    {
      "code": "not_owner",
      "error": 403,
      "message": "the skill belongs to somebody else",
      "msg": "the skill belongs to somebody else",
      "request_id": "test",
      "success": false
    }
    "#);
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        assert_eq!(app.call(method.clone(), &path).json(&body).by(&bob).send().await.status, 403, "{method}");
        assert_eq!(app.call(method.clone(), &path).json(&body).send().await.status, 401, "{method}");
    }
    let files = || form(&[("train_file", b"x"), ("dev_file", b"x")]);
    assert_eq!(app.upload(&format!("{path}/train"), files()).by(&bob).send().await.status, 403);
    // Told before the files are read: these would be malformed.
    assert_eq!(app.upload(&format!("{path}/train"), b"junk".to_vec()).by(&bob).send().await.status, 403);
    assert_eq!(app.get(&format!("{path}/training")).by(&bob).send().await.status, 403);
    assert_eq!(app.call(Method::POST, &format!("{path}/unpublish")).by(&bob).send().await.status, 403);
    assert_eq!(app.get(&path).send().await.to_string(), before);
}

#[actix_web::test]
async fn replacing_sets_all_fields_and_patching_some() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = format!("/api/skill/{}", app.skill(&ada, "Weather", silent()).await);
    let patch = json!({"url": "http://new/", "name": null});
    assert_snapshot!(app.call(Method::PATCH, &path).json(&patch).by(&ada).send().await, @r#"
    200
    {
      "created_at": "2026-01-01T00:00:00Z",
      "description": "Weather answers.",
      "examples": [],
      "health": "unknown",
      "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "is_published": false,
      "name": "Weather",
      "owner_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "protocol": "square",
      "updated_at": "2026-01-01T00:00:00.000001Z",
      "url": "http://new"
    }
    "#);
    for method in [Method::PUT, Method::POST] {
        let body = json!({"name": method.as_str(), "url": "http://newer", "protocol": "square2"});
        let skill = app.call(method.clone(), &path).json(&body).by(&ada).send().await.json();
        assert_eq!(skill["name"], method.as_str());
        assert_eq!((&skill["description"], &skill["protocol"]), (&json!(""), &json!("square2")));
    }
}

#[actix_web::test]
async fn a_deleted_skill_is_shown_a_last_time() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = format!("/api/skill/{}", app.skill(&ada, "Weather", silent()).await);
    app.skills.check_health().await;
    let reply = app.call(Method::DELETE, &path).by(&ada).send().await;
    assert_eq!(reply.json()["health"], "up");
    assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("Weather")));
    assert_eq!(app.call(Method::DELETE, &path).by(&ada).send().await.status, 404);
}

#[actix_web::test]
async fn training_publishes_and_tells_how_it_went() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = format!("/api/skill/{}", app.skill(&ada, "Weather", silent()).await);
    assert_snapshot!(app.get(&format!("{path}/training")).by(&ada).send().await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "there is no such training",
      "msg": "there is no such training",
      "request_id": "test",
      "success": false
    }
    "#);
    let files = form(&[
        ("other", b"?"),
        ("train_file", b"Rain?\n\nSnow?\r\n"),
        ("dev_file", "\u{feff}Rain?\nSun?".as_bytes()),
    ]);
    assert_snapshot!(app.upload(&format!("{path}/train"), files).by(&ada).send().await, @r#"
    200
    {
      "msg": "Started training for the skill"
    }
    "#);
    assert_snapshot!(app.get(&format!("{path}/training")).by(&ada).send().await, @r#"
    200
    {
      "accuracy": {},
      "dev_examples": 2,
      "finished_at": null,
      "measured": {},
      "progress": 0.0,
      "skill_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "started_at": "2026-01-01T00:00:00Z",
      "state": "running",
      "train_examples": 2,
      "training_id": "019b76da-a800-7aa2-be74-0c9fcb53e132"
    }
    "#);
    app.skills.train_next().await.unwrap();
    assert_snapshot!(app.get(&format!("{path}/training")).by(&ada).send().await, @r#"
    200
    {
      "accuracy": {
        "Order": 0.5
      },
      "dev_examples": 2,
      "finished_at": "2026-01-01T00:00:00.000001Z",
      "measured": {
        "Order": {
          "ece": null,
          "examples": null,
          "in_scope_at_threshold": null,
          "model_bytes": null,
          "oos_auroc": null,
          "oos_recall": null,
          "p50_us": null,
          "p99_us": null,
          "skills": null,
          "top1": 0.5,
          "top3": null,
          "train_ms": null
        }
      },
      "progress": 1.0,
      "skill_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "started_at": "2026-01-01T00:00:00Z",
      "state": "published",
      "train_examples": 2,
      "training_id": "019b76da-a800-7aa2-be74-0c9fcb53e132"
    }
    "#);
    let skill = app.get(&path).send().await.json();
    assert_eq!((&skill["is_published"], &skill["examples"]), (&json!(true), &json!(["Rain?", "Snow?"])));
}

#[actix_web::test]
async fn unpublishing_hides_the_skill_again() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let id = app.skill(&ada, "Weather", silent()).await;
    app.publish(&ada, &id).await;
    let reply = app.call(Method::POST, &format!("/api/skill/{id}/unpublish")).by(&ada).send().await;
    let skill = reply.json();
    assert_eq!((&skill["is_published"], &skill["examples"]), (&json!(false), &json!([])), "{reply}");
    assert_eq!(app.get(&format!("/api/skill/{id}")).send().await.status, 404);
}

#[actix_web::test]
async fn bad_training_files_are_refused_by_name() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = format!("/api/skill/{}/train", app.skill(&ada, "Weather", silent()).await);
    let send = |files: Vec<u8>| app.upload(&path, files).by(&ada).send();
    assert_snapshot!(send(form(&[("train_file", b"x")])).await, @r#"
    404
    {
      "code": "file_missing",
      "details": [
        {
          "field": "dev_file",
          "message": "is missing"
        }
      ],
      "error": 404,
      "message": "dev_file is missing",
      "msg": "dev_file is missing",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_snapshot!(send(form(&[("train_file", b"x"), ("dev_file", b" \n")])).await, @r#"
    400
    {
      "code": "malformed_request",
      "details": [
        {
          "field": "dev_file",
          "message": "must have at least one example question"
        }
      ],
      "error": 400,
      "message": "dev_file must have at least one example question",
      "msg": "dev_file must have at least one example question",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_snapshot!(send(form(&[("train_file", b"\xff"), ("dev_file", b"x")])).await, @r#"
    400
    {
      "code": "malformed_request",
      "details": [
        {
          "field": "train_file",
          "message": "must be UTF-8 text"
        }
      ],
      "error": 400,
      "message": "train_file must be UTF-8 text",
      "msg": "train_file must be UTF-8 text",
      "request_id": "test",
      "success": false
    }
    "#);
    let huge = vec![b'x'; 5 * 1024 * 1024 + 1];
    assert_snapshot!(send(form(&[("train_file", &huge), ("dev_file", b"x")])).await, @r#"
    413
    {
      "code": "payload_too_large",
      "error": 413,
      "message": "train_file must have at most 5242880 bytes",
      "msg": "train_file must have at most 5242880 bytes",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(
        send(b"--XX\r\nContent-Disposition: form-data; name=\"train_file\"\r\n\r\ncut".to_vec()).await.status,
        400
    );
    assert_eq!(send(b"no form at all".to_vec()).await.status, 400);
    assert_eq!(app.post(&path, json!({})).by(&ada).send().await.status, 415);
}

#[actix_web::test]
async fn a_protocol_that_is_left_out_is_found_out_and_shown() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    app.prober.put("http://chat/v1", square_skills::Protocol::OpenAi);
    let body = json!({"name": "Chat", "url": "http://chat/v1/", "model": " llama "});
    let skill = app.post("/api/skill", body).by(&ada).send().await.json();
    assert_eq!((&skill["protocol"], &skill["model"]), (&json!("openai"), &json!("llama")));
    let path = format!("/api/skill/{}", skill["id"].as_str().unwrap());
    let patched = app.call(Method::PATCH, &path).json(&json!({"model": null})).by(&ada).send().await;
    assert_eq!((patched.status, &patched.json()["model"]), (200, &json!(null)));
}

#[actix_web::test]
async fn a_check_tells_the_owner_step_by_step() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let id = app.skill(&ada, "Weather", silent()).await;
    let path = format!("/api/skill/{id}/check");
    assert_snapshot!(app.call(Method::POST, &path).by(&ada).send().await, @r#"
    200
    {
      "ok": false,
      "results": [],
      "steps": [
        {
          "message": "the address may be called",
          "ok": true,
          "step": "address"
        },
        {
          "message": "the skill could not be reached",
          "ok": false,
          "step": "connect"
        }
      ]
    }
    "#);
    assert_eq!(app.call(Method::POST, &path).by(&bob).send().await.status, 404);
    assert_eq!(app.call(Method::POST, &path).send().await.status, 401);
    app.publish(&ada, &id).await;
    assert_eq!(app.call(Method::POST, &path).by(&bob).send().await.status, 403);
}

#[actix_web::test]
async fn a_signing_secret_is_shown_when_it_is_made_and_never_again() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let id = app.skill(&ada, "Weather", silent()).await;
    let path = format!("/api/skill/{id}/signing_secret");
    let made = async || app.call(Method::POST, &path).by(&ada).send().await;
    let first = made().await;
    assert_eq!((first.status, first.header("Cache-Control")), (200, Some("no-store")));
    let secret = |reply: &crate::app::Reply| {
        let secret = reply.json()["signing_secret"].as_str().unwrap().to_owned();
        secret.strip_prefix("whsec_").unwrap().to_owned()
    };
    // 24 bytes in base64.
    assert_eq!(secret(&first).len(), 32);
    assert_ne!(secret(&first), secret(&made().await));
    let shown = app.get(&format!("/api/skill/{id}")).by(&ada).send().await;
    assert!(!shown.text().contains("sign"), "{shown}");
    assert_eq!(app.call(Method::POST, &path).by(&bob).send().await.status, 404);
}

/// A skill that is not asked at the moment.
struct Away;

#[async_trait::async_trait]
impl square_skills::Skill for Away {
    async fn answer(
        &self,
        _request: &square_skills::SkillRequest,
    ) -> Result<Vec<square_skills::ResultItem>, square_skills::SkillFailure> {
        let retry_in = Some(std::time::Duration::from_secs(5));
        Err(square_skills::SkillFailure::BreakerOpen { reason: "it is gone".into(), retry_in })
    }

    fn outage(&self) -> Option<square_skills::Outage> {
        let next_probe = Some(square_kernel::jiff::Timestamp::constant(1_767_225_605, 0));
        Some(square_skills::Outage { reason: "it is gone".into(), next_probe })
    }
}

#[actix_web::test]
async fn a_skill_that_is_not_asked_says_why_and_until_when() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let id = app.skill(&ada, "Weather", std::sync::Arc::new(Away)).await;
    app.publish(&ada, &id).await;
    let skill = app.get(&format!("/api/skill/{id}")).send().await.json();
    let wanted = json!({"state": "open", "reason": "it is gone", "next_probe_at": "2026-01-01T00:00:05Z"});
    assert_eq!(skill["breaker"], wanted);
    let view = app.post("/api/question?envelope=1", json!({"question": "Rain?"})).send().await.json();
    let left_out = &view["routing"]["left_out"][0];
    assert_eq!((&view["results"], &left_out["reason"]), (&json!([]), &json!("breaker_open")));
    let named = json!({"question": "Rain?", "options": {"selectedSkills": ["Weather"]}});
    let answers = app.post("/api/question", named).send().await.json();
    assert_eq!(answers[0]["error_code"], "breaker_open");
    assert_eq!(
        answers[0]["error"],
        "the skill is not asked at the moment (it is gone); it is tried again in 5 s"
    );
}
