//! Servers on the loopback interface that do what a script says, however wrong.
//!
//! They speak as much HTTP/1.1 as a script asks for and break every rule of it that a script wants broken, so that a
//! client can be shown what strangers send.

#![expect(
    clippy::unwrap_used,
    reason = "who cannot have the server that a test is about has nothing to go on with"
)]

mod reply;
mod script;

pub use reply::{gzip, head, reply};
pub use script::{Routes, Script, bytes, closing, endless, json, packed};

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A server that does the same with every request.
pub struct Stub {
    /// Where it listens.
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    closed: watch::Receiver<usize>,
    sent: Arc<AtomicU64>,
    server: JoinHandle<()>,
}

impl Stub {
    /// Starts one on a free port.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, opened) = (Arc::clone(&requests), Arc::clone(&connections));
        let (closing, closed) = watch::channel(0);
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                let serving = serve(stream, script.clone(), Arc::clone(&seen), Arc::clone(&counter));
                let closing = closing.clone();
                tokio::spawn(async move {
                    serving.await;
                    closing.send_modify(|count| *count += 1);
                });
            }
        });
        Self { address, requests, connections, closed, sent, server }
    }

    /// A server that sends these bytes before it has heard anything, and closes.
    pub async fn start_at_once(bytes: &'static [u8]) -> Self {
        let mut stub = Self::start(Script::Send(Vec::new())).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        stub.address = listener.local_addr().unwrap();
        stub.server.abort();
        stub.server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                drop(stream.write_all(bytes).await);
                // What is sent must not be lost to a reset because of what was not read.
                drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
            }
        });
        stub
    }

    /// A server that answers with this body, status 200 and this content type.
    pub async fn answering(content_type: &str, body: &str) -> Self {
        Self::start(Script::Send(reply("200 OK", content_type, body))).await
    }

    /// A server that answers each request by method and path.
    pub async fn routing(routes: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(Script::Route(Arc::new(routes))).await
    }

    /// Returns once so many connections were closed by this side.
    pub async fn closed(&self, count: usize) {
        self.closed.clone().wait_for(|closed| *closed >= count).await.unwrap();
    }

    /// How many bytes of endless replies were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>, sent: Arc<AtomicU64>) {
    let mut first = true;
    while let Some(request) = read_request(&mut stream).await {
        let line = request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        seen.lock().unwrap().push(request.clone());
        let script = match &script {
            Script::AfterModels(_) if line.starts_with("GET") => {
                let models = r#"{"data": [{"id": "small"}]}"#;
                drop(stream.write_all(&reply("200 OK", "application/json", models)).await);
                continue;
            }
            Script::AfterModels(other) => other,
            script => script,
        };
        // Whether the other side still listens is not the server's concern.
        match script {
            Script::Route(routes) => drop(stream.write_all(&routes(&line)).await),
            Script::Answer(answers) => drop(stream.write_all(&answers(&request)).await),
            Script::RouteOnce(routes) => {
                drop(stream.write_all(&routes(&line)).await);
                return;
            }
            Script::Send(bytes) => drop(stream.write_all(bytes).await),
            Script::SendAndClose(bytes) => {
                drop(stream.write_all(bytes).await);
                return;
            }
            Script::SendAndReset(bytes) => {
                drop(stream.write_all(bytes).await);
                stream.set_zero_linger().unwrap();
                return;
            }
            Script::SendOncePerConnection(bytes) => {
                if !std::mem::take(&mut first) {
                    return;
                }
                drop(stream.write_all(bytes).await);
            }
            Script::SendAndHang(bytes) => {
                drop(stream.write_all(bytes).await);
                // Until the other end has enough.
                drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
                return;
            }
            Script::SendEndlessly(first, again) | Script::Drip(first, again) => {
                drop(stream.write_all(first).await);
                while stream.write_all(again).await.is_ok() {
                    sent.fetch_add(again.len() as u64, Ordering::SeqCst);
                    if matches!(script, Script::Drip(..)) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    tokio::task::yield_now().await;
                }
                return;
            }
            Script::AfterModels(_) => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => request.extend_from_slice(&chunk[..count]),
        }
    }
}
