//! Scripted servers on the loopback interface.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with a request it has read.
#[derive(Clone)]
pub(crate) enum Script {
    /// Sends these bytes and waits for the next request on the connection.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Sends these bytes once; at the next request it closes the connection without a word.
    SendOncePerConnection(Vec<u8>),
    /// Sends these bytes and then nothing more.
    SendAndHang(Vec<u8>),
    /// Sends these bytes, then the second ones again and again for as long as somebody reads.
    SendEndlessly(Vec<u8>, Vec<u8>),
}

/// A server that does the same with every request.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, opened) = (Arc::clone(&requests), Arc::clone(&connections));
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, script.clone(), Arc::clone(&seen)));
            }
        });
        Self { address, requests, connections, server }
    }

    /// A server that answers with this body, status 200 and this content type.
    pub(crate) async fn answering(content_type: &str, body: &str) -> Self {
        Self::start(Script::Send(reply("200 OK", content_type, body))).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A whole HTTP reply.
pub(crate) fn reply(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

async fn serve(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    let mut first = true;
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().push(request);
        // Whether the other side still listens is not the server's concern.
        match &script {
            Script::Send(bytes) => drop(stream.write_all(bytes).await),
            Script::SendAndClose(bytes) => {
                drop(stream.write_all(bytes).await);
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
                return std::future::pending().await;
            }
            Script::SendEndlessly(first, again) => {
                drop(stream.write_all(first).await);
                while stream.write_all(again).await.is_ok() {
                    tokio::task::yield_now().await;
                }
                return;
            }
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
