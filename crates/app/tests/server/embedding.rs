//! The selector that learns from embeddings: from a table in a folder, and from a server that comes and goes.

use crate::process::{Server, complaint, run, square};
use crate::waiting::within;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long learning may take on a machine that is busy.
const LIMIT: Duration = Duration::from_mins(1);

const QUESTION: &str = "Which actors played in Heat?";

/// A table of four words, as files of Model2Vec's format.
fn table(folder: &Path) {
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": null, "decoder": null,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, "actors": 1, "performers": 2, "concerts": 3},
        },
    });
    let rows: [[f32; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.1], [0.0, 1.0]];
    let data: Vec<u8> = rows.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
    let header = json!({"embeddings": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, data.len()]}});
    let header = header.to_string();
    let length = u64::try_from(header.len()).expect("is short").to_le_bytes();
    let model = [&length[..], header.as_bytes(), &data].concat();
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).expect("is written");
    std::fs::write(folder.join("model.safetensors"), model).expect("is written");
}

/// How the stand-in for a server of embeddings behaves.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Refusing,
    Silent,
}

/// Answers `/v1/embeddings` as Ollama and others do: each text lies at its number of letters and of words.
#[derive(Clone)]
struct Embeddings {
    url: String,
    state: Arc<Mutex<(Mood, Vec<String>)>>,
}

impl Embeddings {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let url = format!("http://{}/v1", listener.local_addr().expect("has an address"));
        let this = Self { url, state: Arc::new(Mutex::new((Mood::Well, Vec::new()))) };
        let answering = this.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answering.clone().serve(socket));
            }
        });
        this
    }

    fn be(&self, mood: Mood) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = mood;
    }

    /// The texts that were embedded since this was asked last.
    fn embedded(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    async fn serve(self, mut socket: TcpStream) {
        let mut received = Vec::new();
        while let Some(body) = body(&mut socket, &mut received).await {
            let (status, answer) = self.answer(&body);
            if self.state.lock().unwrap_or_else(PoisonError::into_inner).0 == Mood::Silent {
                return std::future::pending().await;
            }
            let answer = answer.to_string();
            let head = format!(
                "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            if socket.write_all((head + &answer).as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, body: &str) -> (u16, Value) {
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["model"], "small");
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 == Mood::Refusing {
            return (500, json!({"error": {"type": "api_error", "message": "out of memory"}}));
        }
        let texts = body["input"].as_array().expect("a list").iter();
        let texts: Vec<String> = texts.map(|text| text.as_str().expect("a text").to_owned()).collect();
        state.1.extend(texts.iter().cloned());
        let embedding = |text: &String| [text.len(), text.split(' ').count(), 1];
        let item =
            |(index, text)| json!({"object": "embedding", "index": index, "embedding": embedding(text)});
        let data: Vec<Value> = texts.iter().enumerate().map(item).rev().collect();
        (200, json!({"object": "list", "model": "small", "data": data}))
    }
}

/// The next request's body.
async fn body(socket: &mut TcpStream, received: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(received).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
            if rest.len() >= length {
                received.drain(..head.len() + 4 + length);
                return Some(rest[..length].to_owned());
            }
        }
        if socket.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}

fn demo(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = square(folder, ["serve", "--demo"]);
    command.envs(variables.iter().copied());
    command
}

async fn asked(server: &Server, question: &str) -> Value {
    let question = json!({"question": question, "options": {"selector": "Embedding"}});
    server.post("/api/question?envelope=1", &question).await
}

/// Waits until it has learnt.
async fn ready(server: &Server) {
    let ranks = async || (asked(server, QUESTION).await["selector"] == "Embedding").then_some(());
    within(LIMIT, "it ranks", ranks).await;
}

async fn names(server: &Server) -> Vec<Value> {
    let selectors = server.get("/api/selectors").await;
    selectors.as_array().expect("a list").iter().map(|selector| selector["name"].clone()).collect()
}

#[tokio::test]
async fn with_a_table_in_a_folder_it_ranks_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("table"));
    let variables = [("SQUARE__SELECTORS__EMBEDDING__FOLDER", "table")];
    // The second start takes up or learns anew what the first has learnt.
    for _ in 0..2 {
        let server = Server::of(demo(folder.path(), &variables));
        assert_eq!(names(&server).await, ["Square", "Base", "Embedding"]);
        let answer = asked(&server, QUESTION).await;
        assert_eq!((&answer["selector"], &answer["fallback_from"]), (&json!("Embedding"), &Value::Null));
        assert_eq!(answer["results"][0]["name"], "Casting", "{answer}");
    }
}

#[tokio::test]
async fn a_server_of_embeddings_is_used_while_it_answers_and_done_without_while_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let embeddings = Embeddings::start().await;
    let variables = [
        ("SQUARE__SELECTORS__EMBEDDING__URL", embeddings.url.as_str()),
        ("SQUARE__SELECTORS__EMBEDDING__MODEL", "small"),
    ];
    let server = Server::of(demo(folder.path(), &variables));
    ready(&server).await;
    let answer = asked(&server, QUESTION).await;
    assert_eq!(answer["results"][0]["name"], "Casting", "{answer}");
    let first = embeddings.embedded();
    assert!(first.len() > 152, "everyday questions and those of two skills: {}", first.len());
    assert_eq!(first.iter().filter(|text| *text == QUESTION).count(), 1, "a question is embedded once");

    for (mood, question, said) in [
        (Mood::Refusing, "Which actors play in Heat?", "status 500 (api_error)"),
        (Mood::Silent, "Which actors did play in Heat?", "did not answer within"),
    ] {
        embeddings.be(mood);
        let answer = asked(&server, question).await;
        assert_eq!(answer["selector"], "Square", "{answer}");
        let reason = answer["fallback_from"]["reason"].as_str().unwrap();
        assert!(reason.contains(said), "{reason}");
        assert_eq!(answer["results"][0]["name"], "Casting", "{answer}");
    }
    drop(server);

    // Not even a start waits for it.
    let server = Server::of(demo(folder.path(), &variables));
    assert_eq!(asked(&server, QUESTION).await["fallback_from"]["selector"], "Embedding");
    drop(server);
    embeddings.be(Mood::Well);
    // What was learnt is kept soon after; from then on a start embeds no example.
    within(LIMIT, "a start that embeds nothing", async || {
        embeddings.embedded();
        let server = Server::of(demo(folder.path(), &variables));
        ready(&server).await;
        let got = embeddings.embedded();
        eprintln!("GOT {} {:?}", got.len(), &got[..got.len().min(6)]);
        got.iter().all(|text| text == QUESTION).then_some(())
    })
    .await;
}

#[test]
fn impossible_settings_of_it_stop_the_start_by_name() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("table"));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let url = ("URL", "http://model.example/v1");
    let cases: [(&[(&str, &str)], &str); 8] = [
        (
            &[("FOLDER", "nowhere")],
            "selectors.embedding.folder is impossible: there, tokenizer.json cannot be read",
        ),
        (&[("FOLDER", "empty")], "selectors.embedding.folder"),
        (
            &[("FOLDER", "table"), url, ("MODEL", "m")],
            "selectors.embedding.folder is impossible: it must not be set beside",
        ),
        (&[url], "selectors.embedding.model"),
        (&[("URL", "model.example"), ("MODEL", "m")], "selectors.embedding.url"),
        (&[url, ("MODEL", "m"), ("BATCH", "0")], "selectors.embedding.batch"),
        (&[url, ("MODEL", "m"), ("TIMEOUT_MS", "0")], "selectors.embedding.timeout_ms"),
        (&[("FOLDER", "table"), ("KEY", "sesame")], "selectors.embedding.key"),
    ];
    for (variables, said) in cases {
        let mut command = square(folder.path(), ["check-config", "--offline"]);
        for (name, value) in variables {
            command.env(format!("SQUARE__SELECTORS__EMBEDDING__{name}"), value);
        }
        let refused = command.output().unwrap();
        let told = complaint(&refused);
        assert!(!refused.status.success() && told.contains(said), "{variables:?}: {told}");
    }
}

#[test]
fn it_is_measured_like_square() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("table"));
    let questions = [
        ("train", "films", "which actors are in heat"),
        ("train", "music", "what concerts are on"),
        ("test", "films", "performers of alien"),
        ("test", "music", "concerts tonight"),
    ];
    let line =
        |(split, skill, question)| json!({"split": split, "skill": skill, "question": question}).to_string();
    let lines: Vec<String> = questions.map(line).to_vec();
    std::fs::write(folder.path().join("questions.jsonl"), lines.join("\n")).unwrap();
    let eval = ["routing", "eval", "questions.jsonl", "--selector", "Embedding"];
    let refused = run(folder.path(), eval);
    assert!(!refused.status.success() && complaint(&refused).contains("selectors.embedding.folder"));
    let measured =
        square(folder.path(), eval).env("SQUARE__SELECTORS__EMBEDDING__FOLDER", "table").output().unwrap();
    let told = String::from_utf8_lossy(&measured.stdout).into_owned();
    let figures: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!((&figures["top1"], &figures["skills"]), (&json!(1.0), &json!(2)), "{told}");
}
