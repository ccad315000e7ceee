use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;
use square_skills::testing::ScriptedSkill;
use square_skills::{ResultItem, SkillFailure};

#[actix_web::test]
async fn answers_come_best_first() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for (name, answer) in
        [("Films", Err(SkillFailure::Status(500))), ("Weather", Ok(vec![ResultItem::text("Rain.")]))]
    {
        let id = app.skill(&ada, name, ScriptedSkill::always(answer)).await;
        app.publish(&ada, &id).await;
        app.people.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
    }
    let reply = app.post("/api/question", json!({"question": "Rain?"})).send().await;
    assert_snapshot!(reply, @r#"
    200
    [
      {
        "error": "the skill answered with HTTP status 500",
        "error_code": "bad_status",
        "name": "Films",
        "score": 0.9,
        "skill_description": "Films answers.",
        "skill_id": "019b76da-a800-7fcd-9d7b-39a820e2f465"
      },
      {
        "name": "Weather",
        "results": [
          {
            "text": "Rain.",
            "type": "plain_text"
          }
        ],
        "score": 0.8,
        "skill_description": "Weather answers.",
        "skill_id": "019b76da-a801-7cab-96c9-3a1384c5c38a"
      }
    ]
    "#);
    let id = reply.header("X-Question-Id").unwrap();
    let mut view = app.get(&format!("/api/question/{id}")).send().await.json();
    assert_eq!(view["results"], reply.json());
    view["results"].take();
    view["routing"].take();
    view["took_ms"].take();
    assert_snapshot!(format!("{view:#}"), @r#"
    {
      "asked_at": "2026-01-01T00:00:00.002Z",
      "ending": "complete",
      "finished": true,
      "question": "Rain?",
      "question_id": "019b76da-a802-7fcd-9d7b-39a820e2f465",
      "results": null,
      "routing": null,
      "selector": "Order",
      "took_ms": null
    }
    "#);
}

#[actix_web::test]
async fn the_envelope_tells_about_the_question() {
    let app = TestApp::new();
    let mut view =
        app.post("/api/question?envelope=1", json!({"query": "Who knows nothing?"})).send().await.json();
    view["took_ms"].take();
    assert_snapshot!(format!("{view:#}"), @r#"
    {
      "asked_at": "2026-01-01T00:00:00Z",
      "ending": "complete",
      "finished": true,
      "question": "Who knows nothing?",
      "question_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "results": [],
      "routing": {
        "candidates": 0,
        "chosen": [],
        "least_score": 0.3,
        "left_out": [],
        "selector": "Order"
      },
      "selector": "Order",
      "took_ms": null
    }
    "#);
}

#[actix_web::test]
async fn what_fits_badly_is_named_and_not_asked() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut films = app.scripted(&ada, "Films").await;
    let view = app.post("/api/question?envelope=1", json!({"question": "nothing"})).send().await.json();
    assert_eq!((&view["results"], &view["nearest"]["name"]), (&json!([]), &json!("Films")));
    assert!(films.already_asked().is_none());
}

#[actix_web::test]
async fn the_deadline_returns_what_is_there() {
    tokio::time::pause();
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut quick = app.scripted(&ada, "Quick").await;
    let _hanging = app.scripted(&ada, "Hanging").await;
    let ask = app.post("/api/question?deadline_ms=200", json!({"question": "Who?"}));
    let (reply, ()) = tokio::join!(ask.send(), async { quick.asked().await.say("Me.") });
    let answers = reply.json();
    let quick = answers.as_array().unwrap().iter().find(|answer| answer["name"] == "Quick").unwrap();
    let hanging = answers.as_array().unwrap().iter().find(|answer| answer["name"] == "Hanging").unwrap();
    assert_eq!(quick["results"][0]["text"], "Me.");
    assert_eq!((&hanging["error_code"], hanging.get("results")), (&json!("timed_out"), None));
}

#[actix_web::test]
async fn a_selector_that_failed_is_named_with_its_reason() {
    let app = TestApp::new();
    let body = json!({"question": "Who is away?", "options": {"selector": "Other"}});
    let bare = app.post("/api/question", body.clone()).send().await;
    assert_eq!((bare.status, bare.header("X-Fallback-From")), (200, Some("Other")));
    let mut view = app.post("/api/question?envelope=1", body.clone()).send().await.json();
    let told = json!({"selector": "Other", "reason": "it did not answer within 500 ms"});
    assert_eq!((&view["selector"], &view["fallback_from"]), (&json!("Spare"), &told));
    let id = view["question_id"].take();
    let kept = app.get(&format!("/api/question/{}", id.as_str().unwrap())).send().await.json();
    assert_eq!(kept["fallback_from"], told);

    let stream = app.post("/api/question", body).header("Accept", "text/event-stream").open().await;
    assert_eq!(stream.headers().get("X-Fallback-From").unwrap(), "Other");
    let well = app.post("/api/question", json!({"question": "Who?"})).send().await;
    assert_eq!(well.header("X-Fallback-From"), None);
}

#[actix_web::test]
async fn unknown_selectors_and_skills_are_named() {
    let app = TestApp::new();
    let body = json!({"question": "Who?", "options": {"selector": "None", "selectedSkills": ["Nobody"]}});
    assert_snapshot!(app.post("/api/question", body).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "options.selector",
          "message": "must be one of Order, Other"
        }
      ],
      "error": 422,
      "message": "options.selector must be one of Order, Other",
      "msg": "options.selector must be one of Order, Other",
      "request_id": "test",
      "success": false
    }
    "#);
    let body = json!({"query": "Who?", "skills": ["Nobody"]});
    assert_snapshot!(app.post("/api/question", body).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "skills",
          "message": "names a skill that does not exist: Nobody"
        }
      ],
      "error": 422,
      "message": "skills names a skill that does not exist: Nobody",
      "msg": "skills names a skill that does not exist: Nobody",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn a_broken_selector_or_log_is_nobodys_business() {
    let app = TestApp::new();
    let reply = app.post("/api/question", json!({"question": "broken"})).send().await;
    assert_eq!(reply.header("Retry-After"), Some("5"));
    assert_snapshot!(reply, @r#"
    503
    {
      "code": "selector_unavailable",
      "error": 503,
      "message": "the selector is unavailable, please try again",
      "msg": "the selector is unavailable, please try again",
      "request_id": "test",
      "success": false
    }
    "#);
    app.log.break_down();
    assert_snapshot!(app.post("/api/question", json!({"question": "Who?"})).send().await, @r#"
    503
    {
      "code": "unavailable",
      "error": 503,
      "message": "temporarily unavailable, please try again",
      "msg": "temporarily unavailable, please try again",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn an_account_is_needed_where_the_settings_say_so() {
    let app = TestApp::chosen(|chosen| chosen.policy.fair_use.account_required = true);
    let ada = app.person("ada").await;
    assert_snapshot!(app.post("/api/question", json!({"question": "Who?"})).send().await, @r#"
    401
    {
      "code": "authentication_required",
      "error": 401,
      "message": "sign in to do this",
      "msg": "sign in to do this",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.post("/api/question", json!({"question": "Who?"})).by(&ada).send().await.status, 200);
}

#[actix_web::test]
async fn only_who_asked_reads_a_question_again() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let reply = app.post("/api/question", json!({"question": "Who?"})).by(&ada).send().await;
    let path = format!("/api/question/{}", reply.header("X-Question-Id").unwrap());
    assert_eq!(app.get(&path).by(&ada).send().await.status, 200);
    assert_snapshot!(app.get(&path).by(&bob).send().await, @r#"
    404
    {
      "code": "not_found",
      "error": 404,
      "message": "there is no such question",
      "msg": "there is no such question",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get(&format!("{path}/events")).by(&bob).send().await.status, 404);
    assert_eq!(app.get(&path).send().await.status, 404);
}

#[actix_web::test]
async fn the_selectors_are_listed_default_first() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/api/selectors").send().await, @r#"
    200
    [
      {
        "description": "The oldest first.",
        "name": "Order"
      },
      {
        "description": "The oldest first.",
        "name": "Other"
      }
    ]
    "#);
    let reply = app.get("/api/selectors?limit=1").send().await;
    assert_eq!(reply.header("X-Total-Count"), Some("2"));
    assert_eq!(reply.header("Link"), Some("</api/selectors?limit=1&cursor=1>; rel=\"next\""));
    let last = app.get("/api/selectors?limit=1&cursor=1").send().await;
    assert_eq!((last.json()[0]["name"].as_str(), last.header("Link")), (Some("Other"), None));
}
