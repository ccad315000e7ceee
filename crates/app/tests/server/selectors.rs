//! Selectors that need a server outside, which is away.

use crate::process::{Server, run, square};
use serde_json::json;
use std::net::TcpListener;

/// An address where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    format!("http://{}", listener.local_addr().expect("has an address"))
}

#[tokio::test]
async fn a_server_whose_selectors_are_away_answers_all_the_same_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = square(folder.path(), ["serve", "--demo"]);
    command.env("SQUARE__SELECTORS__ELASTICSEARCH__URL", nobody());
    command.env("SQUARE__SELECTORS__TRANSFORMER__URL", nobody());
    let server = Server::of(command);
    let selectors = server.get("/api/selectors").await;
    let names: Vec<_> = selectors.as_array().unwrap().iter().map(|selector| &selector["name"]).collect();
    assert_eq!(names, ["Square", "Base", "Elasticsearch", "Transformer"]);
    // More often than it takes until they are left alone.
    for selector in ["Elasticsearch", "Transformer"].repeat(5) {
        let question = json!({"question": "Which actors played in Heat?", "options": {"selector": selector}});
        let answer = server.post("/api/question?envelope=1", &question).await;
        assert_eq!(answer["results"][0]["name"], "Casting", "{answer}");
        assert_eq!(
            (&answer["selector"], &answer["fallback_from"]["selector"]),
            (&json!("Square"), &json!(selector))
        );
        let reason = answer["fallback_from"]["reason"].as_str().unwrap();
        assert!(reason.ends_with("its server cannot be reached"), "{reason}");
    }
}

#[test]
fn impossible_settings_of_selectors_stop_the_start_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, said) in [
        ("SQUARE__SELECTORS__ELASTICSEARCH__URL", "es.example", "selectors.elasticsearch.url"),
        ("SQUARE__SELECTORS__ELASTICSEARCH__PASSWORD", "secret", "selectors.elasticsearch.password"),
        ("SQUARE__SELECTORS__ELASTICSEARCH__VOTES", "loud", "selectors.elasticsearch.votes"),
        ("SQUARE__SELECTORS__TRANSFORMER__URL", "ftp://model.example", "selectors.transformer.url"),
    ] {
        let refused = square(folder.path(), ["check-config", "--offline"]).env(name, value).output().unwrap();
        let told = crate::process::complaint(&refused);
        assert!(!refused.status.success() && told.contains(said), "{name}: {told}");
    }
    assert!(run(folder.path(), ["check-config", "--offline"]).status.success());
}
