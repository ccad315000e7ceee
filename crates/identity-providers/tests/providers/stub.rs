//! Servers on the loopback interface.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::form_urlencoded;

/// A request that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The method and the path, as in `GET /user`.
    pub(crate) call: String,
    pub(crate) query: HashMap<String, String>,
    /// By names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) form: HashMap<String, String>,
}

/// What is done with a request.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// A whole reply.
    Reply { status: u16, headers: String, body: String },
    /// A whole reply, once it is let go.
    Hold { until: Arc<Notify>, body: String },
    /// These bytes, and then nothing more.
    SendAndHang(Vec<u8>),
    /// These bytes, and the end of the connection.
    SendAndClose(Vec<u8>),
    /// These bytes, then blanks for as long as somebody reads.
    SendEndlessly(Vec<u8>),
}

/// JSON with this status.
pub(crate) fn reply(status: u16, body: impl std::fmt::Display) -> Script {
    Script::Reply { status, headers: String::new(), body: body.to_string() }
}

type Handler = Box<dyn Fn(&Request) -> Script + Send + Sync>;

/// A server that does with each request as it is told.
pub(crate) struct Stub {
    address: SocketAddr,
    handler: Arc<Mutex<Arc<Handler>>>,
    seen: Arc<Mutex<Vec<Request>>>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(handler: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handler: Arc<Mutex<Arc<Handler>>> = Arc::new(Mutex::new(Arc::new(Box::new(handler))));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (current, notes) = (Arc::clone(&handler), Arc::clone(&seen));
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&current), Arc::clone(&notes)));
            }
        });
        Self { address, handler, seen, server }
    }

    /// Has it do otherwise from now on.
    pub(crate) fn turn(&self, handler: impl Fn(&Request) -> Script + Send + Sync + 'static) {
        *self.handler.lock().unwrap() = Arc::new(Box::new(handler));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// What was called so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.call).collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Mutex<Arc<Handler>>>, seen: Arc<Mutex<Vec<Request>>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        let handler = Arc::clone(&*handler.lock().unwrap());
        // Whether the other side still listens is not the server's concern.
        match handler(&request) {
            Script::Reply { status, headers, body } => write(&mut stream, status, &headers, &body).await,
            Script::Hold { until, body } => {
                until.notified().await;
                write(&mut stream, 200, "", &body).await;
            }
            Script::SendAndHang(bytes) => {
                drop(stream.write_all(&bytes).await);
                return std::future::pending().await;
            }
            Script::SendAndClose(bytes) => {
                drop(stream.write_all(&bytes).await);
                return;
            }
            Script::SendEndlessly(bytes) => {
                drop(stream.write_all(&bytes).await);
                while stream.write_all(&[b' '; 10_000]).await.is_ok() {
                    tokio::task::yield_now().await;
                }
                return;
            }
        }
    }
}

async fn write(stream: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{headers}");
    let text = format!("{head}content-length: {length}\r\n\r\n{body}");
    drop(stream.write_all(text.as_bytes()).await);
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let request = parse(head, body);
            let length = request.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(request);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn parse(head: &str, body: &str) -> Request {
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    Request {
        call: format!("{method} {path}"),
        query: pairs(query),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        form: pairs(body),
    }
}
