use crate::app::TestApp;
use actix_web::body::{BoxBody, MessageBody};
use insta::assert_snapshot;
use serde_json::json;
use square_skills::SkillFailure;
use square_skills::testing::ScriptedSkill;
use std::future::poll_fn;
use std::pin::{Pin, pin};

/// What every stream begins with.
const BEGINNING: &str = "retry: 1000\n\n";

/// The next piece of a body; `None` at its end.
pub(crate) async fn next(body: &mut Pin<&mut BoxBody>) -> Option<String> {
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
    assert_eq!(next(&mut body).await.unwrap(), BEGINNING, "it comes before any answer");
    quick.asked().await.say("Quick.");
    let mut events = next(&mut body).await.unwrap();
    slow.asked().await.answer(Err(SkillFailure::Unreachable));
    while let Some(piece) = next(&mut body).await {
        events.push_str(&piece);
    }
    assert_snapshot!(shown(&events), @r#"
    event: skill_result
    id: 5
    data: {"name":"Quick","results":[{"text":"Quick.","type":"plain_text"}],"score":0.8,"seq":5}

    event: skill_result
    id: 6
    data: {"error":"the skill could not be reached","error_code":"unreachable","name":"Slow","score":0.9,"seq":6}

    event: finished
    id: 7
    data: {"ending":"complete","seq":7}
    "#);

    assert_eq!(app.get(&path).send().await.text(), format!("{BEGINNING}{events}"));
    let rest = app.get(&path).header("Last-Event-ID", "5").send().await;
    let rest = rest.text().strip_prefix(BEGINNING).unwrap();
    assert!(events.ends_with(rest) && rest.starts_with("event: skill_result\nid: 6\n"), "{rest}");
    let last = app.get(&format!("{path}?after=6")).send().await;
    assert!(last.text().starts_with(&format!("{BEGINNING}event: finished\nid: 7\n")), "{last}");
    assert_snapshot!(app.get(&path).header("Last-Event-ID", "7").send().await, @"204");
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
    assert_eq!(next(&mut body).await.unwrap(), BEGINNING);
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n");
    assert_eq!(begun.elapsed().as_secs(), 15);
    let event = next(&mut body).await.unwrap();
    assert!(event.starts_with("event: skill_result\nid: 5\n"), "{event}");
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
    retry: 1000

    event: error
    data: {"success":false,"error":503,"code":"unavailable","message":"temporarily unavailable, please try again","msg":"temporarily unavailable, please try again","request_id":"test"}
    "#);
}

#[actix_web::test]
async fn all_events_tell_how_it_came_to_the_answers() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let failing = ScriptedSkill::always(Err(SkillFailure::Unreachable));
    let id = app.skill(&ada, "Failing", failing).await;
    app.publish(&ada, &id).await;
    let body = json!({"question": "Who?"});
    let ask = app.post("/api/question?events=all", body).header("Accept", "text/event-stream");
    let reply = ask.send().await;
    let shown = shown(reply.text());
    let names: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["question_accepted", "route_decided", "skill_started", "skill_failed", "finished"]);
    let ids: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    let id = reply.header("X-Question-Id").unwrap();
    for after in 0..5 {
        let rest = app.get(&format!("/api/question/{id}/events?events=all&after={after}")).send().await;
        let rest = rest.text().strip_prefix(BEGINNING).unwrap();
        assert!(reply.text().ends_with(rest), "{rest}");
        assert_eq!(rest.matches("\nid: ").count(), 5 - after);
    }
    let wrong = app.get(&format!("/api/question/{id}/events?events=some&after=x")).send().await;
    let fields: Vec<_> =
        wrong.json()["details"].as_array().unwrap().iter().map(|d| d["field"].clone()).collect();
    assert_eq!((wrong.status, fields), (422, vec![json!("after"), json!("events")]));
}

#[actix_web::test]
async fn a_ticket_opens_the_events_of_one_question_for_a_minute() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let reply = app.post("/api/question", json!({"question": "Who?"})).by(&ada).send().await;
    let path = format!("/api/question/{}", reply.header("X-Question-Id").unwrap());
    assert_eq!(app.post(&format!("{path}/ticket"), json!({})).by(&bob).send().await.status, 404);
    let ticket = app.post(&format!("{path}/ticket"), json!({})).by(&ada).send().await;
    assert_eq!((ticket.status, ticket.header("Cache-Control")), (200, Some("no-store")));
    let by_ticket = ticket.json()["path"].as_str().unwrap().to_owned();
    let events = app.get(&by_ticket).send().await;
    assert!(events.status == 200 && events.text().contains("event: finished"), "{events}");
    assert_eq!(app.get(&format!("{by_ticket}&after=3")).send().await.status, 204);
    // It is good for nothing else, and for nothing later.
    let text = ticket.json()["ticket"].as_str().unwrap().to_owned();
    assert_eq!(app.get(&path).header("Authorization", &format!("Bearer {text}")).send().await.status, 401);
    assert_eq!(app.get(&format!("{path}?ticket={text}")).send().await.status, 404);
    app.people.clock.advance(square_kernel::jiff::SignedDuration::from_mins(1));
    assert_snapshot!(app.get(&by_ticket).send().await, @r#"
    401
    {
      "code": "invalid_ticket",
      "error": 401,
      "message": "the ticket is not good for this question, or no longer",
      "msg": "the ticket is not good for this question, or no longer",
      "request_id": "test",
      "success": false
    }
    "#);
}
