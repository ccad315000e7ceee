//! Questions that are ended early, or that nobody waits for.

use crate::app::TestApp;
use crate::streams::next;
use serde_json::json;
use std::pin::pin;

#[actix_web::test]
async fn a_question_is_ended_early_by_who_may_as_often_as_they_like() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (mut quick, mut hanging) = (app.scripted(&ada, "Quick").await, app.scripted(&ada, "Hanging").await);
    let ask = app.post("/api/question", json!({"question": "Who?"})).by(&ada);
    let response = ask.header("Accept", "text/event-stream").open().await;
    let id = response.headers().get("X-Question-Id").unwrap().to_str().unwrap().to_owned();
    let mut body = pin!(response.into_body());
    next(&mut body).await.unwrap();
    quick.asked().await.say("Me.");
    assert!(next(&mut body).await.unwrap().contains("Me."));
    let mut asked = hanging.asked().await;
    let cancel = format!("/api/question/{id}/cancel");
    assert_eq!(app.post(&cancel, json!({})).by(&bob).send().await.status, 404);
    assert_eq!(app.post(&cancel, json!({})).send().await.status, 404);
    let first = app.post(&cancel, json!({})).by(&ada).send().await;
    asked.given_up().await;
    let view = first.json();
    assert_eq!((&view["finished"], &view["ending"]), (&json!(true), &json!("cancelled")));
    let answers = view["results"].as_array().unwrap();
    assert!(answers.iter().any(|answer| answer["results"][0]["text"] == "Me."), "{first}");
    assert!(answers.iter().any(|answer| answer["error_code"] == "cancelled"), "{first}");
    let again = app.post(&cancel, json!({})).by(&ada).send().await;
    assert_eq!((again.status, again.json()), (200, view));
}

#[actix_web::test]
async fn a_client_that_does_not_wait_gets_the_place_of_the_answers() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut slow = app.scripted(&ada, "Slow").await;
    let ask = app.post("/api/question", json!({"question": "Who?"})).by(&ada);
    let reply = ask.header("Prefer", "respond-async, wait=5").send().await;
    assert_eq!((reply.status, reply.header("Preference-Applied")), (202, Some("respond-async")));
    assert_eq!(reply.json()["finished"], json!(false));
    let place = reply.header("Location").unwrap();
    assert_eq!(place, format!("/api/question/{}", reply.header("X-Question-Id").unwrap()));
    slow.asked().await.say("Me.");
    let events = app.get(&format!("{place}/events")).by(&ada).send().await;
    assert!(events.text().contains("Me."), "{events}");
    assert_eq!(app.get(place).by(&ada).send().await.json()["ending"], "complete");
}
