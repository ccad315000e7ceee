//! What cannot be done is answered by an error, and the socket stays open.

use crate::support::{Client, TestServer, in_time};
use serde_json::{Value, json};
use square_websocket::{Limits, WebSocketSettings};
use tokio_tungstenite::tungstenite::Message;

#[actix_web::test]
async fn an_error_has_the_body_of_rest_under_its_ref() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    let error = client.ask(json!({"type": "query", "ref": "q", "question": " ", "deadline_ms": 0})).await;
    insta::assert_json_snapshot!(error, { ".request_id" => "[id]" }, @r#"
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "question",
          "message": "must not be empty"
        },
        {
          "field": "deadline_ms",
          "message": "must be between 1 and 60000"
        }
      ],
      "error": 422,
      "message": "question must not be empty; deadline_ms must be between 1 and 60000",
      "msg": "question must not be empty; deadline_ms must be between 1 and 60000",
      "ref": "q",
      "request_id": "[id]",
      "success": false,
      "type": "error"
    }
    "#);
}

/// What comes back for a frame: `ref`, status, code and message.
async fn told(client: &mut Client, frame: Message) -> String {
    client.send_raw(frame).await;
    let error = client.next().await;
    assert_eq!((&error["type"], &error["success"]), (&json!("error"), &json!(false)), "{error}");
    assert_eq!(error["message"], error["msg"]);
    let reference = error["ref"].as_str().unwrap_or("-");
    format!("{reference} {} {} {}", error["error"], error["code"].as_str().unwrap(), error["message"])
}

#[actix_web::test]
async fn whatever_is_wrong_is_told_and_the_socket_stays_open() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    let cases: Vec<Value> = vec![
        json!([1]),
        json!({"ref": "a"}),
        json!({"type": 7, "ref": "a"}),
        json!({"type": "dance", "ref": "a"}),
        json!({"type": "ping", "ref": 7}),
        json!({"type": "ping", "ref": "x".repeat(129)}),
        json!({"type": "auth", "ref": "a"}),
        json!({"type": "auth", "ref": "a", "token": "nonsense"}),
        json!({"type": "query", "ref": "a"}),
        json!({"type": "query", "ref": "a", "question": 7}),
        json!({"type": "query", "ref": "a", "question": "?", "options": {"selector": "none"}}),
        json!({"type": "query", "ref": "a", "question": "?", "deadline_ms": "soon"}),
        json!({"type": "resume", "ref": "a", "question_id": "7"}),
        json!({"type": "resume", "ref": "a", "question_id": "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0"}),
        json!({"type": "cancel", "ref": "a"}),
        json!({"type": "cancel"}),
        json!({"type": "subscribe", "ref": "a", "channels": ["skill", "skills"]}),
        json!({"type": "subscribe", "ref": "a", "channels": "session"}),
        json!({"type": "subscribe", "ref": "a", "channels": []}),
        json!({"type": "subscribe", "ref": "a", "channels": ["skill", 7]}),
        json!({"type": "subscribe", "ref": "a", "channels": {"skill": true}}),
        json!({"type": "unsubscribe", "ref": "a"}),
        json!({"type": "unsubscribe"}),
        json!({"type": "train", "ref": "a", "id": "7", "train_file": "q", "dev_file": "q"}),
    ];
    let mut report = vec![
        told(&mut client, Message::text("{\"type\": ")).await,
        told(&mut client, Message::binary(vec![1, 2])).await,
    ];
    for case in cases {
        report.push(told(&mut client, Message::text(case.to_string())).await);
    }
    insta::assert_snapshot!(report.join("\n"), @r#"
    - 400 malformed_request "the message is no JSON object: EOF while parsing a value at line 1 column 9"
    - 400 malformed_request "messages are JSON in text frames; a binary frame came"
    - 400 malformed_request "type: must be the kind of message"
    a 400 malformed_request "type: must be the kind of message"
    a 400 malformed_request "type: must be the kind of message"
    a 400 malformed_request "type: must be auth, query, resume, cancel, train, unpublish, subscribe, unsubscribe or ping"
    - 400 malformed_request "ref: must be text of 1 to 128 characters"
    - 400 malformed_request "ref: must be text of 1 to 128 characters"
    a 400 malformed_request "missing field `token`"
    a 401 invalid_token "the token is not valid"
    a 422 validation_failed "question must not be empty"
    a 400 malformed_request "question: invalid type: integer `7`, expected a string"
    a 422 validation_failed "options.selector must be one of Square"
    a 400 malformed_request "deadline_ms: invalid type: string \"soon\", expected a whole number"
    a 422 validation_failed "question_id must be a UUID, hyphenated or as 32 hex digits"
    a 404 not_found "there is no such question"
    a 404 not_found "there is no such question"
    - 400 malformed_request "ref: must name what to cancel"
    a 422 validation_failed "channels[1] must be one of person, login_method, otp_method, recovery_code, event, skill, company, movie, actor, or * for all"
    a 422 validation_failed "channels must be one of person, login_method, otp_method, recovery_code, event, skill, company, movie, actor, or * for all"
    a 422 validation_failed "channels must not be empty"
    a 400 malformed_request "channels: must be a list of channels, or * for all"
    a 400 malformed_request "channels: must be a list of channels, or * for all"
    a 404 not_found "there is no such subscription"
    - 400 malformed_request "ref: must name the subscription to end"
    a 422 validation_failed "id must be a UUID, hyphenated or as 32 hex digits"
    "#);
    assert_eq!(client.ask(json!({"type": "ping", "ref": "p"})).await, json!({"type": "pong", "ref": "p"}));
}

#[actix_web::test]
async fn a_ref_in_use_is_refused() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    let query = json!({"type": "query", "ref": "q", "question": "Rain?"});
    client.send(query.clone()).await;
    let _asked = skill.asked().await;
    let error = client.ask(query).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(409), &json!("in_use")));
}

#[actix_web::test]
async fn no_more_is_taken_than_may_be_under_way() {
    let limits = Limits { under_way: 2, ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "question": "One?"})).await;
    let one = skill.asked().await;
    client.send(json!({"type": "query", "question": "Two?"})).await;
    let _two = skill.asked().await;
    let error = client.ask(json!({"type": "query", "question": "Three?"})).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(429), &json!("too_many_requests")));
    one.say("1");
    assert_eq!(client.next().await["type"], "skill_result");
    assert_eq!(client.next().await["type"], "finished");
    client.send(json!({"type": "query", "question": "Three?"})).await;
    in_time(skill.asked()).await;
}

#[actix_web::test]
async fn only_a_training_may_be_large() {
    let limits = Limits { message: 1000, train_message: 5000, ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let mut client = server.connect().await;
    let error = client.ask(json!({"type": "query", "ref": "q", "question": "x".repeat(1000)})).await;
    assert_eq!((&error["error"], &error["ref"]), (&json!(413), &json!("q")));
    let error = client
        .ask(json!({"type": "train", "ref": "t", "id": "7", "train_file": "q".repeat(1000), "dev_file": "q"}))
        .await;
    assert_eq!((&error["error"], &error["ref"]), (&json!(422), &json!("t")));
    client.send(json!({"type": "train", "train_file": "q".repeat(5000)})).await;
    assert_eq!(client.closed().await, Some(1009));
}
