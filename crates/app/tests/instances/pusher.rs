//! A server that speaks Pusher's HTTP API, as far as events are concerned, and is often in trouble.

use crate::told::{Heard, Told};
use crate::world::World;
use aws_lc_rs::hmac;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const APP: &str = "3";
const KEY: &str = "278d425bdf160c739803";
const SECRET: &str = "7ad3773142a6692b25b8";

/// Signatures are taken for so long, in seconds.
const SIGNED_WITHIN: i64 = 600;

pub(crate) struct PusherServer {
    pub(crate) heard: Heard,
    place: String,
    requests: Arc<AtomicUsize>,
}

impl PusherServer {
    /// Serves on a free port until the runtime ends.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let place = listener.local_addr().expect("has an address").to_string();
        let server = Self { heard: Heard::default(), place, requests: Arc::default() };
        let (heard, requests) = (server.heard.clone(), Arc::clone(&server.requests));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, heard.clone(), Arc::clone(&requests)));
            }
        });
        server
    }

    /// Its `host:port`.
    pub(crate) fn place(&self) -> String {
        self.place.clone()
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Has the instances of `world` hand changes over here by way of `port` on this machine.
    pub(crate) fn set_up(world: &mut World, port: u16) {
        world.set("PUSHER_HOST", format!("http://127.0.0.1:{port}"));
        world.set("PUSHER_APP_ID", APP);
        world.set("PUSHER_API_KEY", KEY);
        world.set("PUSHER_API_SECRET", SECRET);
    }
}

/// Of every seven requests one is refused, and the answer of another one is lost.
async fn serve(mut socket: TcpStream, heard: Heard, requests: Arc<AtomicUsize>) {
    let mut read = Vec::new();
    while let Some((target, body)) = request(&mut socket, &mut read).await {
        let number = requests.fetch_add(1, Ordering::Relaxed);
        let status = if !is_signed(&target, &body) {
            "401 Unauthorized"
        } else if number % 7 == 3 {
            "500 Internal Server Error"
        } else {
            take(&body, &heard);
            "200 OK"
        };
        if number % 7 == 5 {
            return;
        }
        let reply =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}");
        if socket.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn take(body: &[u8], heard: &Heard) {
    let body: Value = serde_json::from_slice(body).expect("the body is JSON");
    let events = body["batch"].as_array().expect("a batch");
    assert!(events.len() <= 10, "Pusher takes no more at once");
    for event in events {
        let told = Told::read(event["data"].as_str().expect("data is text").as_bytes());
        assert_eq!(
            (&event["channel"], &event["name"]),
            (&told.channel.as_str().into(), &told.event.as_str().into())
        );
        heard.push(told);
    }
}

/// The next request: its target and body. `None` when the client has hung up.
async fn request(socket: &mut TcpStream, read: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).expect("a length");
            if read.len() >= end + 4 + length {
                let target = head.split(' ').nth(1).expect("a target").to_owned();
                let body = read[end + 4..end + 4 + length].to_vec();
                read.drain(..end + 4 + length);
                return Some((target, body));
            }
        }
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Checks a request as Pusher's documentation has it: every parameter but the signature, sorted by name, is signed
/// together with method and path, and one of them is the body's digest.
fn is_signed(target: &str, body: &[u8]) -> bool {
    let Some((path, query)) = target.split_once('?') else { return false };
    let mut parameters: BTreeMap<&str, &str> =
        query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let signature = parameters.remove("auth_signature").unwrap_or_default();
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let signed = format!("POST\n{path}\n{}", pairs.join("&"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let at = parameters.get("auth_timestamp").and_then(|at| at.parse::<i64>().ok()).unwrap_or_default();
    path == format!("/apps/{APP}/batch_events")
        && signature == hex(hmac::sign(&key, signed.as_bytes()).as_ref())
        && parameters.get("body_md5") == Some(&hex(&Md5::digest(body)).as_str())
        && parameters.get("auth_key") == Some(&KEY)
        && parameters.get("auth_version") == Some(&"1.0")
        && (Timestamp::now().as_second() - at).abs() < SIGNED_WITHIN
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
