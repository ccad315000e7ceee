use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A skill on this machine that answers each question when the test says so.
pub(crate) struct Stub {
    pub(crate) url: String,
    asked: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Stub {
    /// Serves on a free port until the runtime ends.
    pub(crate) async fn start(text: &str) -> Self {
        let reply = json!([{"type": "plain_text", "text": text}]).to_string();
        let length = reply.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        Self::with_reply(head + &reply).await
    }

    /// Sends `reply`, head and all, whatever it is.
    pub(crate) async fn with_reply(reply: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let url = format!("http://{}", listener.local_addr().expect("has an address"));
        let (asked, answers) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let stub = Self { url, asked: asked.clone(), answers: answers.clone() };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, reply.clone(), asked.clone(), answers.clone()));
            }
        });
        stub
    }

    /// Returns once it has been asked a question that was not waited for before.
    pub(crate) async fn asked(&self) {
        self.asked.acquire().await.expect("is never closed").forget();
    }

    /// Lets one question be answered.
    pub(crate) fn answer(&self) {
        self.answers.add_permits(1);
    }

    /// Lets every question be answered at once.
    pub(crate) fn answer_all(&self) {
        self.answers.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

async fn serve(mut socket: TcpStream, reply: String, asked: Arc<Semaphore>, answers: Arc<Semaphore>) {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&chunk[..count]),
        }
        let text = String::from_utf8_lossy(&request);
        if text.starts_with("GET /ping") && text.ends_with("\r\n\r\n") {
            let pong = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            if socket.write_all(pong).await.is_err() {
                return;
            }
            request.clear();
        } else if text.starts_with("GET ") && text.ends_with("\r\n\r\n") {
            let nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            if socket.write_all(nothing).await.is_err() {
                return;
            }
            request.clear();
        } else if text.starts_with("POST /query") && text.ends_with('}') {
            asked.add_permits(1);
            answers.acquire().await.expect("is never closed").forget();
            if socket.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
            request.clear();
        }
    }
}
