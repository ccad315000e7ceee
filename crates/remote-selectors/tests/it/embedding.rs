use crate::server::{Reply, Request, Server, nobody};
use crate::texts;
use serde_json::{Value, json};
use square_kernel::Secret;
use square_remote_selectors::{EmbeddingServer, EmbeddingServerSettings};
use square_routing::{Embedder, Embedding, Waiting};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn settings(url: &str) -> EmbeddingServerSettings {
    EmbeddingServerSettings {
        url: url.to_owned(),
        model: "small".to_owned(),
        api_key: Some(Secret::new("open-sesame")),
        time_limit: Duration::from_secs(1),
        batch: 64,
    }
}

fn embedder(url: &str) -> EmbeddingServer {
    EmbeddingServer::new(settings(url)).unwrap()
}

fn input(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Each text lies at its number of characters; the last text comes first.
fn answer(request: &Request) -> Reply {
    let item = |(index, text): (usize, String)| json!({"object": "embedding", "index": index, "embedding": [text.len(), 4]});
    let items: Vec<Value> = input(request).into_iter().enumerate().map(item).rev().collect();
    Reply::Json(200, json!({"object": "list", "data": items, "model": "small", "usage": {"total_tokens": 5}}))
}

/// How many texts each call had.
fn sizes(server: &Server) -> Vec<usize> {
    server.seen().iter().map(|request| input(request).len()).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("question {number}")).collect()
}

fn unrolled(embeddings: &[Embedding]) -> Vec<Vec<f32>> {
    embeddings.iter().map(|embedding| embedding.to_vec()).collect()
}

#[tokio::test]
async fn each_text_gets_its_embedding_of_length_one() {
    let server = Server::start(answer).await;
    let embedder = embedder(&server.url);
    let embeddings = embedder.embed(&texts(&["abc", "abcd", "abc"]), Waiting::Asker).await.unwrap();
    let half = 0.5_f32.sqrt();
    let expected = [vec![0.6, 0.8], vec![half, half], vec![0.6, 0.8]];
    for (got, expected) in unrolled(&embeddings).concat().iter().zip(expected.concat()) {
        assert!((got - expected).abs() < 1e-6, "{embeddings:?}");
    }
    let request = &server.seen()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "embeddings"));
    assert_eq!(request.headers["authorization"], "Bearer open-sesame");
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap()["model"], "small");
    assert_eq!(sizes(&server), [2], "a text is sent once");
    assert!(embedder.is_outside());
}

#[tokio::test]
async fn texts_go_out_in_batches_and_are_remembered_some_time() {
    let server = Server::start(answer).await;
    let embedder = embedder(&server.url);
    let many = numbered(150);
    assert_eq!(embedder.embed(&many, Waiting::Learner).await.unwrap().len(), 150);
    assert_eq!(sizes(&server), [64, 64, 22]);
    embedder.embed(&many, Waiting::Asker).await.unwrap();
    assert_eq!(sizes(&server).len(), 3);
    // So many that the first are forgotten.
    let more: Vec<String> = (0..4096).map(|number| format!("more {number}")).collect();
    embedder.embed(&more, Waiting::Learner).await.unwrap();
    embedder.embed(&many[..1], Waiting::Asker).await.unwrap();
    assert_eq!(sizes(&server).len(), 3 + 64 + 1);
}

#[tokio::test]
async fn a_server_that_takes_fewer_at_once_gets_fewer() {
    // As Hugging Face's server says it.
    let refusal = json!({"message": "batch size 64 > maximum allowed batch size 20", "code": 413, "type": "validation"});
    let server = Server::start(move |request| {
        if input(request).len() > 20 { Reply::Json(413, refusal.clone()) } else { answer(request) }
    });
    let server = server.await;
    let embeddings = embedder(&server.url).embed(&numbered(64), Waiting::Learner).await.unwrap();
    assert_eq!(sizes(&server), [64, 32, 16, 16, 32, 16, 16]);
    let expected = embedder(&Server::start(answer).await.url).embed(&numbered(64), Waiting::Learner).await;
    assert_eq!(unrolled(&embeddings), unrolled(&expected.unwrap()), "in their order");
}

#[tokio::test]
async fn of_a_text_that_is_too_long_the_beginning_is_taken() {
    let refusal = json!({"error": {"message": "too long", "type": "BadRequestError", "code": 400}});
    let server = Server::start(move |request| {
        let long = input(request).iter().any(|text| text.len() > 600);
        if long { Reply::Json(400, refusal.clone()) } else { answer(request) }
    });
    let server = server.await;
    let questions = ["a".repeat(5000), "bcd".to_owned()];
    assert_eq!(embedder(&server.url).embed(&questions, Waiting::Learner).await.unwrap().len(), 2);
    let lengths: Vec<Vec<usize>> =
        server.seen().iter().map(|request| input(request).iter().map(String::len).collect()).collect();
    assert_eq!(lengths, [vec![2000, 3], vec![2000], vec![1000], vec![500], vec![3]]);
}

#[tokio::test]
async fn what_is_empty_is_not_sent_as_such() {
    let server = Server::start(answer).await;
    embedder(&server.url).embed(&texts(&[" \n"]), Waiting::Asker).await.unwrap();
    assert_eq!(input(&server.seen()[0]), ["?"]);
}

#[tokio::test]
async fn trouble_of_every_kind_is_told_in_words() {
    let item = |index: usize, embedding: Value| json!({"data": [{"index": index, "embedding": embedding}]});
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::Silence, "did not answer within 1000 ms"),
        (Reply::HalfWay(b"{\"data\": [".to_vec()), "broke off in the middle"),
        (Reply::Raw(200, "", b"pong".to_vec()), "it is not JSON"),
        (Reply::Raw(200, "", br#"{"data": [{"index": 0, "embedding": [NaN]}]}"#.to_vec()), "it is not JSON"),
        (Reply::Json(200, item(0, json!([null]))), "another shape than expected"),
        (Reply::Json(200, json!({"data": []})), "one embedding for each text"),
        (Reply::Json(200, item(1, json!([1.0]))), "one embedding for each text"),
        (Reply::Json(200, item(0, json!([]))), "no numbers, or too many"),
        (Reply::Json(200, item(0, json!(vec![1; 9000]))), "no numbers, or too many"),
        (Reply::Json(200, item(0, json!([1e300]))), "what is no number"),
        (Reply::Json(200, item(0, json!([1e200, 0]))), "what is no number"),
        (Reply::Json(200, item(0, json!("AACAPw=="))), "another shape than expected"),
        (Reply::Raw(200, "", vec![b' '; 300 << 10]), "more than 262144 bytes"),
        (Reply::Json(400, json!({"error": "no such model"})), "status 400"),
        (
            Reply::Json(404, json!({"error": {"type": "api_error", "message": "model not found"}})),
            "404 (api_error)",
        ),
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
async fn learning_waits_where_a_server_is_busy() {
    let busy = AtomicBool::new(true);
    let server = Server::start(move |request| {
        if busy.swap(false, Ordering::Relaxed) { Reply::Json(503, Value::Null) } else { answer(request) }
    });
    let server = server.await;
    embedder(&server.url).embed(&texts(&["a"]), Waiting::Learner).await.unwrap();
    assert_eq!(sizes(&server), [1, 1]);
}

/// Makes nothing of texts with the word `bad` in them.
async fn choosy(refusal: Reply) -> Server {
    let choosy = move |request: &Request| {
        let refuses = input(request).iter().any(|text| text.contains("bad"));
        if refuses { refusal.clone() } else { answer(request) }
    };
    Server::start(choosy).await
}

#[tokio::test]
async fn a_text_of_which_a_server_makes_nothing_says_nothing_and_holds_up_no_other() {
    for refusal in [
        Reply::Json(500, json!({"error": "failed to encode response: json: unsupported value: NaN"})),
        Reply::Json(424, json!({"message": "inference failed", "type": "backend"})),
        Reply::Json(400, Value::Null),
        Reply::Raw(200, "", br#"{"data": [{"index": 0, "embedding": [NaN]}]}"#.to_vec()),
        Reply::HalfWay(b"{\"data\": [".to_vec()),
    ] {
        let server = choosy(refusal.clone()).await;
        let embedder = embedder(&server.url);
        let embeddings = embedder.embed(&texts(&["abc", "abcd", "bad"]), Waiting::Learner).await.unwrap();
        assert_eq!(embeddings[0].len(), 2);
        assert!((embeddings[0][0] - 0.6).abs() < 1e-6, "{refusal:?}: {embeddings:?}");
        assert_eq!(embeddings[2].to_vec(), [0.0, 0.0], "{refusal:?}");
        // Also by itself, and of a long one the beginning is tried first.
        let long = format!("{}bad", "a".repeat(500));
        let embeddings = embedder.embed(&[long, "too bad".to_owned()], Waiting::Learner).await.unwrap();
        assert!(embeddings[0][0] > 0.9, "{refusal:?}: {embeddings:?}");
        assert_eq!(embeddings[1].to_vec(), [0.0, 0.0], "{refusal:?}");
    }
}

#[tokio::test]
async fn a_question_of_which_a_server_makes_nothing_is_not_tried_by_halves() {
    let server = choosy(Reply::Json(500, Value::Null)).await;
    let failed = embedder(&server.url).embed(&texts(&["bad", "abc"]), Waiting::Asker).await.unwrap_err();
    assert_eq!((failed.0.as_str(), sizes(&server)), ("its server answered with status 500", vec![2]));
}

#[tokio::test]
async fn a_server_that_makes_nothing_of_any_text_is_not_asked_for_each() {
    for (refusal, calls) in [(500, vec![32, 1]), (400, vec![32, 16, 8, 4, 2, 1, 1]), (401, vec![32])] {
        let server = Server::start(move |_| Reply::Json(refusal, Value::Null)).await;
        let failed = embedder(&server.url).embed(&numbered(32), Waiting::Learner).await.unwrap_err();
        assert_eq!(failed.0, format!("its server answered with status {refusal}"));
        assert_eq!(sizes(&server), calls);
    }
}

/// Of three numbers for each text, or of two.
fn of_length(long: bool, request: &Request) -> Reply {
    let embedding = if long { json!([1, 2, 3]) } else { json!([1, 2]) };
    let item = |index: usize| json!({"index": index, "embedding": embedding});
    Reply::Json(200, json!({"data": (0..input(request).len()).map(item).collect::<Vec<_>>()}))
}

#[tokio::test]
async fn what_is_remembered_of_another_model_of_the_same_name_is_forgotten() {
    let long = Arc::new(AtomicBool::new(false));
    let longer = Arc::clone(&long);
    let server = Server::start(move |request| of_length(longer.load(Ordering::Relaxed), request)).await;
    let embedder = embedder(&server.url);
    let lengths = async |asked: &[&str]| {
        let embeddings = embedder.embed(&texts(asked), Waiting::Asker).await.unwrap();
        embeddings.iter().map(|embedding| embedding.len()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(&["a", "b"]).await, [2, 2]);
    long.store(true, Ordering::Relaxed);
    assert_eq!(lengths(&["a", "c"]).await, [3, 3]);
    assert_eq!(sizes(&server), [2, 1, 1]);
    // Also what was not asked for together with another text since.
    long.store(false, Ordering::Relaxed);
    assert_eq!((lengths(&["d"]).await, lengths(&["a"]).await), (vec![2], vec![2]));
}

#[tokio::test]
async fn a_text_is_embedded_anew_whatever_is_remembered() {
    let long = Arc::new(AtomicBool::new(false));
    let longer = Arc::clone(&long);
    let server = Server::start(move |request| of_length(longer.load(Ordering::Relaxed), request)).await;
    let embedder = embedder(&server.url);
    embedder.embed(&texts(&["a", "b"]), Waiting::Learner).await.unwrap();
    long.store(true, Ordering::Relaxed);
    assert_eq!(embedder.embed_anew("a").await.unwrap().len(), 3);
    assert_eq!(embedder.embed(&texts(&["b"]), Waiting::Learner).await.unwrap()[0].len(), 3);
}

#[tokio::test]
async fn an_answer_of_several_lengths_makes_no_sense() {
    let server = Server::start(|_| {
        let item = |index: usize| json!({"index": index, "embedding": vec![1; index + 1]});
        Reply::Json(200, json!({"data": [item(0), item(1)]}))
    });
    let failed = embedder(&server.await.url).embed(&texts(&["a", "b"]), Waiting::Asker).await.unwrap_err();
    assert!(failed.0.contains("not all of one length"), "{failed}");
}

#[test]
fn another_model_makes_other_embeddings_and_another_address_does_not() {
    let version = |url: &str, model: &str| {
        let settings = EmbeddingServerSettings { model: model.to_owned(), ..settings(url) };
        EmbeddingServer::new(settings).unwrap().version()
    };
    let one = version("http://one.example/v1", "small");
    assert_eq!(one, version("http://other.example/v1", "small"));
    assert_ne!(one, version("http://one.example/v1", "large"));
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
    for batch in [0, 2049] {
        let settings = EmbeddingServerSettings { batch, ..settings("http://embed.example/v1") };
        assert_eq!(EmbeddingServer::new(settings).err().unwrap().key, "selectors.embedding.batch");
    }
    assert_eq!(
        fault(|settings| settings.time_limit = Duration::ZERO),
        Some("selectors.embedding.timeout_ms")
    );
    let key = |settings: &mut EmbeddingServerSettings| settings.api_key = Some(Secret::new("a\nb"));
    assert_eq!(fault(key), Some("selectors.embedding.key"));
}
