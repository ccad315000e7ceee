use crate::app::TestApp;
use actix_web::body::{BoxBody, MessageBody};
use insta::assert_snapshot;
use serde_json::json;
use square_skills::SkillFailure;
use std::future::poll_fn;
use std::pin::{Pin, pin};

/// The next piece of a body; `None` at its end.
async fn next(body: &mut Pin<&mut BoxBody>) -> Option<String> {
    let piece = poll_fn(|context| body.as_mut().poll_next(context)).await?;
    Some(String::from_utf8(piece.expect("the body goes on").to_vec()).unwrap())
}

/// Events without how long they took and which question they are of.
fn shown(events: &str) -> String {
    let line = |line: &str| match line.strip_prefix("data: ") {
        Some(data) => {
            let mut data: serde_json::Value = serde_json::from_str(data).unwrap();
            for key in ["took_ms", "question_id", "skill_id", "skill_description"] {
                data.as_object_mut().unwrap().remove(key);
            }
            format!("data: {data}\n")
        }
        None => format!("{line}\n"),
    };
    events.lines().map(line).collect()
}

#[actix_web::test]
async fn events_come_in_order_of_completion() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let (mut slow, mut quick) = (app.scripted(&ada, "Slow").await, app.scripted(&ada, "Quick").await);
    let body = json!({"question": "Who?", "options": {"selectedSkills": ["Slow", "Quick"]}});
    let response = app.post("/api/question", body).header("Accept", "text/event-stream").open().await;
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("Content-Type"), "text/event-stream");
    assert_eq!(header("Cache-Control"), "no-cache");
    assert_eq!(header("X-Accel-Buffering"), "no");
    let path = format!("/api/question/{}/events", header("X-Question-Id"));

    let mut body = pin!(response.into_body());
    quick.asked().await.say("Quick.");
    let mut events = next(&mut body).await.unwrap();
    slow.asked().await.answer(Err(SkillFailure::Unreachable));
    while let Some(piece) = next(&mut body).await {
        events.push_str(&piece);
    }
    assert_snapshot!(shown(&events), @r#"
    event: skill_result
    id: 1
    data: {"name":"Quick","results":[{"text":"Quick.","type":"plain_text"}],"score":0.8,"seq":1}

    event: skill_result
    id: 2
    data: {"error":"the skill could not be reached","error_code":"unreachable","name":"Slow","score":0.9,"seq":2}

    event: finished
    id: 3
    data: {"ending":"complete","seq":3}
    "#);

    assert_eq!(app.get(&path).send().await.text(), events);
    let rest = app.get(&path).header("Last-Event-ID", "1").send().await;
    assert!(
        events.ends_with(rest.text()) && rest.text().starts_with("event: skill_result\nid: 2\n"),
        "{rest}"
    );
    let last = app.get(&format!("{path}?after=2")).send().await;
    assert!(last.text().starts_with("event: finished\nid: 3\n"), "{last}");
    assert_snapshot!(app.get(&path).header("Last-Event-ID", "3").send().await, @"204");
    assert_snapshot!(app.get(&path).header("Last-Event-ID", "x").send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "Last-Event-ID",
          "message": "must be a whole number"
        }
      ],
      "error": 422,
      "message": "Last-Event-ID must be a whole number",
      "msg": "Last-Event-ID must be a whole number",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn a_silent_stream_shows_signs_of_life() {
    tokio::time::pause();
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let _hanging = app.scripted(&ada, "Hanging").await;
    let ask = app.post("/api/question?deadline_ms=20000", json!({"question": "Who?"}));
    let response = ask.header("Accept", "text/html, text/event-stream;q=0.9").open().await;
    let mut body = pin!(response.into_body());
    let begun = tokio::time::Instant::now();
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    assert_eq!(begun.elapsed().as_secs(), 15);
    let event = next(&mut body).await.unwrap();
    assert!(event.starts_with("event: skill_result\nid: 1\n"), "{event}");
}

#[actix_web::test]
async fn a_question_goes_on_when_its_client_vanishes() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut slow = app.scripted(&ada, "Slow").await;
    let ask = app.post("/api/question", json!({"question": "Who?"})).header("Accept", "text/event-stream");
    let response = ask.open().await;
    let id = response.headers().get("X-Question-Id").unwrap().to_str().unwrap().to_owned();
    drop(response);
    slow.asked().await.say("Late.");
    let events = app.get(&format!("/api/question/{id}/events")).send().await;
    assert!(events.text().contains("Late."), "{events}");
}

#[actix_web::test]
async fn a_log_that_breaks_is_told_within_the_stream() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut slow = app.scripted(&ada, "Slow").await;
    let ask = app.post("/api/question", json!({"question": "Who?"})).header("Accept", "text/event-stream");
    let script = async {
        let asked = slow.asked().await;
        app.log.break_down();
        asked.say("Lost.");
    };
    let (reply, ()) = tokio::join!(ask.send(), script);
    assert_snapshot!(reply, @r#"
    200
    event: error
    data: {"success":false,"error":503,"code":"unavailable","message":"temporarily unavailable, please try again","msg":"temporarily unavailable, please try again","request_id":"test"}
    "#);
}
