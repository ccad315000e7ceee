use crate::server::{Reply, Request, Server, nobody};
use crate::texts;
use serde_json::{Value, json};
use square_kernel::Secret;
use square_remote_selectors::{EmbeddingServer, EmbeddingServerSettings};
use square_routing::{Embedder, Waiting};
use std::time::Duration;

fn settings(url: &str) -> EmbeddingServerSettings {
    EmbeddingServerSettings {
        url: url.to_owned(),
        model: "small".to_owned(),
        api_key: Some(Secret::new("open-sesame")),
        time_limit: Duration::from_secs(1),
    }
}

fn embedder(url: &str) -> EmbeddingServer {
    EmbeddingServer::new(settings(url)).unwrap()
}

/// Each text lies at its number of characters; the last text comes first.
fn answer(request: &Request) -> Reply {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let input = body["input"].as_array().unwrap();
    let item = |(index, text): (usize, &Value)| json!({"object": "embedding", "index": index, "embedding": [text.as_str().unwrap().len(), 4]});
    let items: Vec<Value> = input.iter().enumerate().map(item).rev().collect();
    Reply::Json(200, json!({"object": "list", "data": items, "model": "small", "usage": {"total_tokens": 5}}))
}

fn inputs(server: &Server) -> Vec<usize> {
    let input = |request: &Request| {
        serde_json::from_str::<Value>(&request.body).unwrap()["input"].as_array().unwrap().len()
    };
    server.seen().iter().map(input).collect()
}

#[tokio::test]
async fn each_text_gets_its_embedding_of_length_one() {
    let server = Server::start(answer).await;
    let embeddings = embedder(&server.url).embed(&texts(&["abc", "", "abc"]), Waiting::Asker).await.unwrap();
    let embeddings: Vec<Vec<f32>> = embeddings.iter().map(|embedding| embedding.to_vec()).collect();
    assert_eq!(embeddings, [[0.6, 0.8], [0.0, 1.0], [0.6, 0.8]]);
    let request = &server.seen()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "embeddings"));
    assert_eq!(request.headers["authorization"], "Bearer open-sesame");
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap()["model"], "small");
    assert_eq!(inputs(&server), [2], "a text is sent once");
}

#[tokio::test]
async fn texts_go_out_in_batches_and_are_remembered_some_time() {
    let server = Server::start(answer).await;
    let embedder = embedder(&server.url);
    let many: Vec<String> = (0..150).map(|number| format!("question {number}")).collect();
    assert_eq!(embedder.embed(&many, Waiting::Learner).await.unwrap().len(), 150);
    assert_eq!(inputs(&server), [64, 64, 22]);
    embedder.embed(&many, Waiting::Asker).await.unwrap();
    assert_eq!(inputs(&server).len(), 3);
    // So many that the first are forgotten.
    let more: Vec<String> = (0..4096).map(|number| format!("more {number}")).collect();
    embedder.embed(&more, Waiting::Learner).await.unwrap();
    embedder.embed(&many[..1], Waiting::Asker).await.unwrap();
    assert_eq!(inputs(&server).len(), 3 + 64 + 1);
}

#[tokio::test]
async fn trouble_of_every_kind_is_told_in_words() {
    let item = |index: usize, embedding: Value| json!({"data": [{"index": index, "embedding": embedding}]});
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::Silence, "did not answer within 1000 ms"),
        (Reply::HalfWay(b"{\"data\": [".to_vec()), "broke off in the middle"),
        (Reply::Raw(200, "", b"pong".to_vec()), "it is not JSON"),
        (Reply::Json(200, json!({"data": []})), "one embedding for each text"),
        (Reply::Json(200, item(1, json!([1.0]))), "one embedding for each text"),
        (Reply::Json(200, item(0, json!([]))), "not all of one length"),
        (Reply::Json(200, item(0, json!([1e39]))), "what is no number"),
        (Reply::Json(200, item(0, json!("AACAPw=="))), "another shape than expected"),
        (
            Reply::Json(401, json!({"error": {"type": "invalid_request_error"}})),
            "401 (invalid_request_error)",
        ),
        (Reply::Json(429, json!({"error": {"type": "rate_limit"}})), "429 (rate_limit)"),
    ];
    for (reply, said) in cases {
        let answered = reply.clone();
        let server = Server::start(move |_| answered.clone()).await;
        let failed = embedder(&server.url).embed(&texts(&["a"]), Waiting::Asker).await.unwrap_err();
        assert!(failed.0.contains(said), "{reply:?}: {failed}");
    }
    let failed = embedder(&nobody().await).embed(&texts(&["a"]), Waiting::Asker).await.unwrap_err();
    assert_eq!(failed.0, "its server cannot be reached");
}

#[tokio::test]
async fn a_model_that_is_changed_under_way_is_noticed() {
    let server = Server::start(|request| {
        let long = request.body.contains("long");
        let embedding = if long { json!([1, 2, 3]) } else { json!([1, 2]) };
        Reply::Json(200, json!({"data": [{"index": 0, "embedding": embedding}]}))
    });
    let server = server.await;
    let embedder = embedder(&server.url);
    embedder.embed(&texts(&["a"]), Waiting::Asker).await.unwrap();
    let failed = embedder.embed(&texts(&["long"]), Waiting::Asker).await.unwrap_err();
    assert!(failed.0.contains("not all of one length"), "{failed}");
}

#[test]
fn impossible_settings_are_named() {
    let fault = |change: fn(&mut EmbeddingServerSettings)| {
        let mut settings = settings("http://embed.example/v1");
        change(&mut settings);
        EmbeddingServer::new(settings).err().map(|error| error.key)
    };
    assert_eq!(fault(|_| ()), None);
    assert_eq!(fault(|settings| settings.url.clear()), Some("selectors.embedding.url"));
    assert_eq!(fault(|settings| settings.model.clear()), Some("selectors.embedding.model"));
    assert_eq!(
        fault(|settings| settings.time_limit = Duration::ZERO),
        Some("selectors.embedding.timeout_ms")
    );
    let key = |settings: &mut EmbeddingServerSettings| settings.api_key = Some(Secret::new("a\nb"));
    assert_eq!(fault(key), Some("selectors.embedding.api_key"));
}
