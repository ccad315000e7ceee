//! An HTTP/1.1 server for tests that can also misbehave.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Json(u16, Value),
    /// With headers, each on a line that ends.
    Raw(u16, &'static str, Vec<u8>),
    /// The head promises more bytes than come.
    HalfWay(Vec<u8>),
    /// Never.
    Silence,
}

/// Answers on a port of its own until the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/below", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (requests, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&requests)));
            }
        });
        Self { url, seen }
    }

    /// What was asked so far, in order.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How often this was asked so far.
    pub(crate) fn count(&self, method: &str, end: &str) -> usize {
        self.seen().iter().filter(|request| request.method == method && request.path.ends_with(end)).count()
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&Request) -> Reply>,
    seen: Arc<Mutex<Vec<Request>>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        seen.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        let breaks_off = matches!(reply, Reply::HalfWay(_));
        let bytes = match reply {
            Reply::Json(status, body) => {
                written(status, "content-type: application/json\r\n", body.to_string().as_bytes(), 0)
            }
            Reply::Raw(status, headers, body) => written(status, headers, &body, 0),
            Reply::HalfWay(body) => written(200, "content-type: application/json\r\n", &body, 100),
            Reply::Silence => std::future::pending().await,
        };
        // One who has heard enough hangs up.
        if stream.write_all(&bytes).await.is_err() || breaks_off {
            return;
        }
    }
}

fn written(status: u16, headers: &str, body: &[u8], missing: usize) -> Vec<u8> {
    let length = body.len() + missing;
    let head = format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    assert!(!headers.contains_key("transfer-encoding"), "this server reads no chunks");
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer[head_end..head_end + length].to_vec()).unwrap();
    buffer.drain(..head_end + length);
    let url = Url::parse(&format!("http://server{target}")).unwrap();
    let path = url.path().strip_prefix("/below/").expect("calls lie below the address").to_owned();
    Some(Request { method, path, query: url.query_pairs().into_owned().collect(), headers, body })
}
