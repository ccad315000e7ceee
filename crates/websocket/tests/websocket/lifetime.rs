//! How sockets begin and end.

use crate::support::{TestServer, brief, in_time};
use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::json;
use square_websocket::{Limits, WebSocketSettings, configure, openapi};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

#[actix_web::test]
async fn the_protocol_is_echoed_where_it_is_offered() {
    let server = TestServer::start();
    let header = "sec-websocket-protocol";
    let (_, response) = server.connect_with(&[(header, "square.v1")]).await.unwrap();
    assert_eq!(response.headers()[header], "square.v1");
    let (_, response) = server.connect_with(&[]).await.unwrap();
    assert!(!response.headers().contains_key(header));
}

#[actix_web::test]
async fn what_is_no_upgrade_is_refused() {
    let server = TestServer::start();
    let app = init_service(App::new().configure(configure(server.services.clone()))).await;
    let status = |request: TestRequest| async { call_service(&app, request.to_request()).await.status() };
    assert_eq!(status(TestRequest::get().uri("/api/ws")).await, StatusCode::BAD_REQUEST);
    // Whatever is no GET is for the application to answer.
    assert_eq!(status(TestRequest::post().uri("/api/ws")).await, StatusCode::NOT_FOUND);
}

#[test]
fn the_path_is_documented() {
    for (base_path, path) in [("", "/ws"), ("/api", "/api/ws")] {
        let document = serde_json::to_value(openapi(base_path)).unwrap();
        let operation = &document["paths"][path]["get"];
        assert!(operation["description"].as_str().unwrap().contains("| `resume` |"), "{document}");
        assert!(
            ["101", "400", "401", "403"].iter().all(|status| operation["responses"].get(*status).is_some())
        );
    }
}

#[actix_web::test]
async fn a_client_that_closes_is_answered() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    client.send_raw(Message::Close(None)).await;
    assert_eq!(client.closed().await, None);
    server.deserted().await;
}

#[actix_web::test]
async fn a_stopping_server_lets_answers_out_and_says_goodbye() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "q", "question": "Rain?"})).await;
    skill.asked().await.say("No.");
    in_time(server.services.router.idle()).await;
    server.services.shutdown.cancel();
    assert_eq!(brief(&client.next().await), "q skill_result 4 Weather No.");
    assert_eq!(brief(&client.next().await), "q finished 5 complete");
    assert_eq!(client.closed().await, Some(1001));
    server.deserted().await;
    let refused = server.connect_with(&[]).await.err().unwrap();
    assert_eq!(refused.status(), 503);
}

#[actix_web::test]
async fn a_client_that_answers_no_pings_is_let_go() {
    let (ping_every, silence) = (Duration::from_millis(10), Duration::from_millis(50));
    let limits = Limits { ping_every, silence, ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    // Never polled, so it answers nothing.
    let mut silent = server.connect().await;
    server.deserted().await;
    assert_eq!(silent.closed().await, Some(1008));
}

#[actix_web::test]
async fn a_client_that_does_not_read_is_let_go() {
    let limits = Limits { unread: Duration::from_millis(100), ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let mut skill = server.skill(1, "Verbose").await;
    let mut client = server.connect().await;
    let query = json!({"type": "query", "ref": "q", "question": "Well?", "ack": true});
    let id = client.ask(query).await["question_id"].clone();
    skill.asked().await.say(&"x".repeat(1_000_000));
    assert_eq!(client.next().await["results"][0]["text"].as_str().unwrap().len(), 1_000_000);
    assert_eq!(client.next().await["type"], "finished");
    // Far more than the buffers of two sockets hold, and not a byte of it is read.
    for number in 0..30 {
        client.send(json!({"type": "resume", "ref": number.to_string(), "question_id": id})).await;
    }
    server.deserted().await;
}

#[actix_web::test]
async fn frames_that_break_the_protocol_end_the_socket() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    let stream = client.stream.get_mut();
    // Unmasked text, which no client may send (RFC 6455, section 5.1).
    tokio::io::AsyncWriteExt::write_all(stream, &[0x81, 0x01, b'x']).await.unwrap();
    assert_eq!(client.closed().await, Some(1002));
}
