//! Socket.IO as its clients speak it, frame by frame. `tests/socketio` does the same with the clients themselves.

use crate::process::{Server, square};
use crate::stub::Stub;
use futures::future::select_all;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// One connection to the namespace `/api`.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects as a client of Engine.IO `version` does, which is 3 for clients of version 2.
    async fn connect(server: &Server, version: u8, auth: &Value) -> Result<Self, String> {
        let url = server.url().replace("http", "ws");
        let url = format!("{url}/socket.io/?EIO={version}&transport=websocket");
        let mut socket = Self(connect_async(url).await.map_err(|error| error.to_string())?.0);
        assert!(socket.next().await.starts_with("0{"), "it is opened");
        let auth = if version == 3 { String::new() } else { format!(",{auth}") };
        socket.send(&format!("40/api{auth}")).await;
        loop {
            let packet = socket.next().await;
            if packet.starts_with("40/api") {
                return Ok(socket);
            }
            if packet.starts_with("44/api") {
                return Err(packet);
            }
        }
    }

    async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.expect("it is open");
    }

    /// The next packet but those that only keep the connection alive.
    async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(Duration::from_mins(1), self.0.next()).await;
            let text =
                message.expect("in time").expect("it is open").expect("a frame").into_text().expect("text");
            match text.as_str() {
                "2" => self.send("3").await,
                "3" => {}
                other => return other.to_owned(),
            }
        }
    }

    /// Returns when the server has ended the connection.
    async fn ended(&mut self) {
        while let Some(Ok(message)) = self.0.next().await {
            if message.is_close() {
                return;
            }
        }
    }

    async fn emit(&mut self, event: &str, body: &Value) {
        self.send(&format!("42/api,{}", json!([event, body]))).await;
    }

    /// The body of the next event, which must be called `name`.
    async fn event(&mut self, name: &str) -> Value {
        let packet = self.next().await;
        let event: Value =
            serde_json::from_str(packet.strip_prefix("42/api,").expect(&packet)).expect("JSON");
        assert_eq!(event[0], name);
        event[1].clone()
    }
}

#[tokio::test]
async fn clients_of_both_protocols_ask_and_are_told_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--demo"]);
    for version in [3, 4] {
        let mut socket = Socket::connect(&server, version, &json!({})).await.unwrap();
        socket.emit("query", &json!({"question": "Which actors played in Heat?"})).await;
        let casting = socket.event("skillResult").await;
        assert_eq!(casting["name"], "Casting");
        assert!(casting["results"].to_string().contains("Al Pacino"), "{casting}");
        let finished = socket.event("skillResult").await;
        assert_eq!((&finished["finished"], &finished["ending"]), (&json!(true), &json!("complete")));

        socket.emit("query", &json!({"question": " ", "deadline_ms": 0})).await;
        let wrong = socket.event("skillResult").await;
        assert_eq!(wrong["code"], "validation_failed");
        assert_eq!(wrong["details"].as_array().unwrap().len(), 2, "{wrong}");
        socket.emit("unpublish", &json!({"id": "none"})).await;
        assert_eq!(socket.event("unpublish").await["details"][0]["field"], "id");
    }
}

#[tokio::test]
async fn files_come_as_attachments_and_only_the_owner_trains() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let skill = server.register("Weather", "http://127.0.0.1:9").await;
    let mut socket = Socket::connect(&server, 4, &json!({})).await.unwrap();
    let train = |jwt: &str| {
        let file = |number| json!({"_placeholder": true, "num": number});
        let body = json!({"id": skill, "train_file": file(0), "dev_file": file(1), "jwt": jwt});
        format!("452-/api,{}", json!(["train", body]))
    };
    let files = [&b"Will it rain?\nIs it sunny?\n"[..], b"Does it rain?\n"];
    for (jwt, first) in [("none", "error"), (server.token(), "msg")] {
        socket.send(&train(jwt)).await;
        for file in files {
            socket.0.send(Message::binary(file)).await.unwrap();
        }
        let told = socket.event("train").await;
        assert!(told[first].is_string(), "{told}");
    }
    loop {
        let told = socket.event("train").await;
        if told["finished"] == json!(true) {
            assert!(told["error"].is_null() && told["accuracy"]["Square"].is_number(), "{told}");
            break;
        }
    }
}

#[tokio::test]
async fn a_token_counts_from_the_moment_of_connecting_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let skill = server.register("Weather", "http://127.0.0.1:9").await;
    let refused = Socket::connect(&server, 4, &json!({"token": "none"})).await;
    assert!(refused.err().unwrap().contains("token"));
    let mut anybody = Socket::connect(&server, 4, &json!({})).await.unwrap();
    anybody.emit("unpublish", &json!({"id": skill})).await;
    assert!(anybody.event("unpublish").await["error"].is_string());
    let mut owner = Socket::connect(&server, 4, &json!({"token": server.token()})).await.unwrap();
    owner.emit("unpublish", &json!({"id": skill})).await;
    assert_eq!(owner.event("unpublish").await["finished"], true);
}

#[tokio::test]
async fn sessions_are_bounded_from_their_first_request_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = square(folder.path(), ["serve"]);
    command.env("SQUARE__SOCKETIO__MOST_SESSIONS_PER_ADDRESS", "2");
    let server = Server::of(command);
    let path = format!("{}/socket.io/?EIO=4&transport=polling", server.url());
    let open = async || reqwest::get(&path).await.unwrap();
    let first = open().await.text().await.unwrap();
    let packet: Value = serde_json::from_str(first.strip_prefix('0').expect(&first)).unwrap();
    assert_eq!(open().await.status(), 200);
    let refused = open().await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert!(refused.text().await.unwrap().contains("too_many_requests"));
    assert!(connect_async(path.replace("http", "ws").replace("polling", "websocket")).await.is_err());
    // A packet of the kind `close` ends a session, which makes room for one. Until a client connects to the namespace that is waited for.
    let own = format!("{path}&sid={}", packet["sid"].as_str().unwrap());
    let client = reqwest::Client::new();
    for packet in ["40/api,", "1"] {
        assert_eq!(client.post(&own).body(packet).send().await.unwrap().status(), 200);
    }
    while open().await.status() != 200 {}
    assert_eq!(open().await.status(), 429);
}

/// Bytes that `train` takes for a file of this size: as few questions as there can be in it, for the sake of the learning.
fn file(bytes: usize) -> Vec<u8> {
    let mut file: Vec<u8> =
        std::iter::repeat_n(b"Will it rain?", bytes / 13 + 1).flatten().copied().collect();
    for end in (1000..bytes).step_by(1000) {
        file[end] = b'\n';
    }
    file.truncate(bytes);
    file
}

#[tokio::test]
async fn two_files_as_large_as_they_may_be_are_taken_and_one_byte_more_is_not() {
    const LARGEST: usize = 5 * 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let skill = server.register("Weather", "http://127.0.0.1:9").await;
    for version in [4, 3] {
        let auth = json!({"token": server.token()});
        let mut socket = Socket::connect(&server, version, &auth).await.unwrap();
        for (dev_bytes, told) in [(LARGEST + 1, "error"), (LARGEST, "msg")] {
            let file_of = |number| json!({"_placeholder": true, "num": number});
            let body = json!({
                "id": skill, "dev_file": file_of(0), "train_file": file_of(1), "jwt": server.token(),
            });
            socket.send(&format!("452-/api,{}", json!(["train", body]))).await;
            // Attachments come in the order in which the event names them.
            for bytes in [dev_bytes, LARGEST] {
                let mut attachment = file(bytes);
                if version == 3 {
                    // Engine.IO 3 says what kind of packet it is.
                    attachment.insert(0, 4);
                }
                socket.0.send(Message::binary(attachment)).await.unwrap();
            }
            let event = socket.event("train").await;
            assert!(event[told].is_string(), "version {version}: {event}");
            if told == "error" {
                assert_eq!(event["code"], "payload_too_large", "{event}");
                assert!(event["error"].as_str().unwrap().contains("dev_file"), "{event}");
            }
        }
    }
}

/// `train` with two files, before these come.
fn train_with_files() -> String {
    let file = |number| json!({"_placeholder": true, "num": number});
    format!("452-/api,{}", json!(["train", {"id": "none", "train_file": file(0), "dev_file": file(1)}]))
}

#[tokio::test]
async fn what_is_never_finished_takes_so_much_memory_of_one_address_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let file = vec![b'a'; 12 * 1024 * 1024];
    let begin = async || {
        let mut socket = Socket::connect(&server, 4, &json!({})).await.unwrap();
        socket.send(&train_with_files()).await;
        // Whether it is taken is seen by what becomes of the connection.
        let _ = socket.0.send(Message::binary(file.clone())).await;
        socket
    };
    let end = async |mut socket: Socket| {
        socket.0.send(Message::binary("?")).await.unwrap();
        assert_eq!(socket.event("train").await["code"], "validation_failed");
        socket
    };
    let mut sockets = vec![begin().await, begin().await, begin().await];
    let ended = select_all(sockets.iter_mut().map(|socket| Box::pin(socket.ended())));
    let ended = tokio::time::timeout(Duration::from_mins(1), ended).await;
    let ((), number, others) = ended.expect("one of them is not taken");
    drop(others);
    sockets.remove(number);
    let mut open = Vec::new();
    for socket in sockets {
        open.push(end(socket).await);
    }
    // What is whole makes room.
    end(begin().await).await;
    drop(open);
}

#[tokio::test]
async fn what_polling_clients_never_finish_takes_no_more_and_nothing_is_read_without_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let path = format!("{}/socket.io/?EIO=4&transport=polling", server.url());
    let client = reqwest::Client::new();
    let body = format!("{}\u{1e}b{}", train_with_files(), "a".repeat(14 * 1024 * 1024));
    let mut told = Vec::new();
    for _ in 0..3 {
        let opened = reqwest::get(&path).await.unwrap().text().await.unwrap();
        let packet: Value = serde_json::from_str(opened.strip_prefix('0').expect(&opened)).unwrap();
        let own = format!("{path}&sid={}", packet["sid"].as_str().unwrap());
        told.push(client.post(&own).body(body.clone()).send().await.unwrap().status().as_u16());
    }
    assert_eq!(told, [200, 200, 429]);

    let mut connection = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let head = "POST /socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400", "though the body has not come");
    let upgrade = path.replace("http", "ws").replace("polling", "websocket") + "&sid=AAAAAAAAAAAAAAAA";
    assert!(connect_async(upgrade).await.is_err());
}

#[tokio::test]
async fn pages_of_origins_that_are_not_listed_connect_by_no_transport() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = square(folder.path(), ["serve"]);
    command.env("SQUARE__HTTP__CORS_ORIGINS", r#"["https://app.example"]"#);
    let server = Server::of(command);
    let path = format!("{}/socket.io/?EIO=4&transport=", server.url());
    for (origin, polling, websocket) in [
        (Some("https://evil.example"), 403, false),
        (Some("https://app.example"), 200, true),
        (None, 200, true),
    ] {
        let call = reqwest::Client::new().get(format!("{path}polling"));
        let call = match origin {
            Some(origin) => call.header("origin", origin),
            None => call,
        };
        let told = call.send().await.unwrap();
        assert_eq!(told.status().as_u16(), polling, "{origin:?}");
        if polling == 403 {
            assert!(told.text().await.unwrap().contains("origin_not_allowed"));
        }
        let url = format!("{path}websocket").replace("http", "ws");
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        assert_eq!(connect_async(request).await.is_ok(), websocket, "{origin:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_too_long_is_refused_and_the_socket_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--demo"]);
    for version in [3, 4] {
        let mut socket = Socket::connect(&server, version, &json!({})).await.unwrap();
        // Passed over, but for its length.
        let with =
            |length: usize| json!({"question": "Which actors played in Heat?", "more": "x".repeat(length)});
        socket.emit("query", &with(1024 * 1024)).await;
        let refused = socket.event("skillResult").await;
        assert_eq!(refused["code"], "payload_too_large", "{refused}");
        assert!(refused["error_msg"].as_str().unwrap().contains("1048576"), "{refused}");
        socket.emit("query", &with(1024 * 1024 - 200)).await;
        assert_eq!(socket.event("skillResult").await["name"], "Casting");
        assert_eq!(socket.event("skillResult").await["finished"], true);
    }
}

#[tokio::test]
async fn one_socket_has_so_many_questions_under_way_and_others_have_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let weather = Stub::start("Rain.").await;
    let skill = server.register("Weather", &weather.url).await;
    let auth = json!({"token": server.token()});
    let query = json!({
        "question": "Will it rain?",
        "deadline_ms": 60_000,
        "options": {"selector": "Base", "selectedSkills": [skill]},
    });
    let mut socket = Socket::connect(&server, 4, &auth).await.unwrap();
    for _ in 0..32 {
        socket.emit("query", &query).await;
    }
    for _ in 0..32 {
        weather.asked().await;
    }
    socket.emit("query", &query).await;
    let refused = socket.event("skillResult").await;
    assert_eq!((&refused["code"], &refused["retry_after"]), (&json!("too_many_requests"), &json!(1)));
    let mut other = Socket::connect(&server, 4, &auth).await.unwrap();
    other.emit("query", &query).await;
    weather.asked().await;
    weather.answer_all();
    assert_eq!(other.event("skillResult").await["name"], "Weather");
    let mut finished = 0;
    while finished < 32 {
        finished += u32::from(socket.event("skillResult").await["finished"] == json!(true));
    }
    socket.emit("query", &query).await;
    assert_eq!(socket.event("skillResult").await["name"], "Weather");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again_wherever_they_say_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = square(folder.path(), ["serve", "--demo"]);
    for (name, value) in [("PER_MINUTE", "1"), ("BURST", "2")] {
        command.env(format!("SQUARE__QUESTIONS__LIMITS__ANONYMOUS__{name}"), value);
    }
    let server = Server::of(command);
    let query = json!({"question": "Which actors played in Heat?"});
    let mut socket = Socket::connect(&server, 4, &json!({})).await.unwrap();
    socket.emit("query", &query).await;
    assert_eq!(socket.event("skillResult").await["name"], "Casting");
    assert_eq!(socket.event("skillResult").await["finished"], true);
    // By whatever transport, from the same address.
    let asked = server.post("/api/question", &query).await;
    assert_eq!(asked[0]["name"], "Casting");
    let mut socket = Socket::connect(&server, 3, &json!({})).await.unwrap();
    socket.emit("query", &query).await;
    let refused = socket.event("skillResult").await;
    assert_eq!(refused["code"], "too_many_questions", "{refused}");
    assert!((1..=60).contains(&refused["retry_after"].as_u64().unwrap()), "{refused}");
}
