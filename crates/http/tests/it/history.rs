use crate::app::{Person, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_kernel::jiff::SignedDuration;
use square_skills::ResultItem;
use square_skills::testing::ScriptedSkill;

/// Asks, and lets a second go by. The question's id.
async fn asked(app: &TestApp, by: Option<&Person>, text: &str) -> String {
    let call = app.post("/api/question", json!({"question": text}));
    let call = if let Some(person) = by { call.by(person) } else { call };
    let reply = call.send().await;
    app.people.clock.advance(SignedDuration::from_secs(1));
    reply.header("X-Question-Id").unwrap().to_owned()
}

fn texts(history: &Value) -> Vec<&str> {
    let questions = history["questions"].as_array().unwrap();
    questions.iter().map(|question| question["question"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn the_history_comes_in_pages_newest_first() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for number in 1..=3 {
        app.post("/api/question", json!({"question": format!("Question {number}?")})).by(&ada).send().await;
        app.people.clock.advance(square_kernel::jiff::SignedDuration::from_secs(1));
    }
    let first = app.get("/api/questions?limit=2").by(&ada).send().await.json();
    assert_eq!(first["questions"][0]["question"], "Question 3?");
    let next = format!("/api/questions?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = app.get(&next).by(&ada).send().await.json();
    assert_eq!(second["questions"][0]["question"], "Question 1?");
    assert_eq!(second["next_cursor"], json!(null));
    assert_eq!(app.get("/api/questions").send().await.status, 401);
}

#[actix_web::test]
async fn the_history_is_chosen_by_time_text_and_skill() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    asked(&app, Some(&ada), "What is Öl?").await;
    let films = app.skill(&ada, "Films", ScriptedSkill::always(Ok(vec![ResultItem::text("Me.")]))).await;
    app.publish(&ada, &films).await;
    for text in ["Who drills for öl?", "Who else?"] {
        asked(&app, Some(&ada), text).await;
    }
    let found = async |query: &str| {
        let reply = app.get(&format!("/api/questions?{query}")).by(&ada).send().await;
        assert_eq!(reply.status, 200, "{reply}");
        texts(&reply.json()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("text=%C3%96L").await, ["Who drills for öl?", "What is Öl?"]);
    assert_eq!(found(&format!("skill={films}")).await, ["Who else?", "Who drills for öl?"]);
    assert_eq!(found(&format!("skill={films}&text=%C3%B6l")).await, ["Who drills for öl?"]);
    let between = "from=2026-01-01T00:00:01Z&until=2026-01-01T00:00:02Z";
    assert_eq!(found(between).await, ["Who drills for öl?"]);
    assert_eq!(found("from=2026-01-02T00:00:00Z").await, [""; 0]);

    let wrong = "/api/questions?from=today&until=2026&text=&skill=films";
    let reply = app.get(wrong).by(&ada).send().await;
    assert_eq!(reply.status, 422);
    let fields: Vec<_> =
        reply.json()["details"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["from", "until", "text", "skill"]);
}

#[actix_web::test]
async fn the_history_is_exported_line_by_line() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for number in 0..45 {
        asked(&app, Some(&ada), &format!("Question {number}?")).await;
    }
    asked(&app, Some(&bob), "Somebody else's?").await;
    let reply = app.get("/api/questions/export").by(&ada).send().await;
    assert_eq!((reply.status, reply.header("Content-Type")), (200, Some("application/x-ndjson")));
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 45);
    let whole = app.get("/api/questions?limit=200").by(&ada).send().await.json();
    assert_eq!(whole["questions"], json!(lines));
    let some = app.get("/api/questions/export?text=question%204").by(&ada).send().await;
    assert_eq!(some.text().lines().count(), 6);
    let none = app.get("/api/questions/export?text=nothing").by(&ada).send().await;
    assert_eq!((none.status, none.text()), (200, ""));
    assert_eq!(app.get("/api/questions/export").send().await.status, 401);
}

#[actix_web::test]
async fn a_question_is_deleted_by_who_asked() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let id = asked(&app, Some(&ada), "Who?").await;
    let delete = |path: &str| app.call(Method::DELETE, path);
    let path = format!("/api/question/{id}");
    assert_eq!(delete(&path).send().await.status, 404);
    assert_eq!(delete(&path).by(&bob).send().await.status, 404);
    assert_snapshot!(delete(&path).by(&ada).send().await, @r#"
    200
    {
      "message": "The question is deleted.",
      "msg": "The question is deleted.",
      "success": true
    }
    "#);
    assert_eq!(delete(&path).by(&ada).send().await.status, 404);
    assert_eq!(app.get(&path).by(&ada).send().await.status, 404);
    let nobodys = asked(&app, None, "Who?").await;
    assert_eq!(delete(&format!("/api/question/{nobodys}")).send().await.status, 200);
}

#[actix_web::test]
async fn all_of_ones_own_are_deleted() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for person in [&ada, &ada, &bob] {
        asked(&app, Some(person), "Who?").await;
    }
    let delete = || app.call(Method::DELETE, "/api/questions");
    assert_eq!(delete().send().await.status, 401);
    assert_eq!(delete().by(&ada).send().await.json(), json!({"success": true, "deleted": 2}));
    assert_eq!(delete().by(&ada).send().await.json(), json!({"success": true, "deleted": 0}));
    let left = app.get("/api/questions").by(&bob).send().await.json();
    assert_eq!(texts(&left), ["Who?"]);
}
