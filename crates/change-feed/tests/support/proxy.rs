//! A TCP proxy that can cut, stall or refuse.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of what clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is passed on.
    Pass,
    /// After so many bytes on a connection, that connection is cut.
    CutAfter(usize),
    /// Nothing is passed on in either direction.
    Stall,
    /// Connections are cut, new ones at once.
    Refuse,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of the server at `target`, `host:port`.
    pub(crate) async fn start(target: String, mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, watched) = watch::channel(mode);
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(carry(client, server, watched.clone()));
            }
        });
        Self { port, mode, connections }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Returns, and so cuts the connection, when one side hangs up or the mode says so.
async fn carry(mut client: TcpStream, mut server: TcpStream, mut mode: watch::Receiver<Mode>) {
    let (mut from_client, mut from_server) = ([0; 1024], [0; 1024]);
    let mut passed = 0;
    loop {
        let now = *mode.borrow_and_update();
        let flows = now != Mode::Stall;
        if now == Mode::Refuse {
            return;
        }
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            read = client.read(&mut from_client), if flows => {
                let mut read = read.unwrap_or(0);
                if let Mode::CutAfter(limit) = now {
                    read = read.min(limit.saturating_sub(passed));
                }
                if read == 0 || server.write_all(&from_client[..read]).await.is_err() {
                    return;
                }
                passed += read;
            }
            read = server.read(&mut from_server), if flows => {
                let read = read.unwrap_or(0);
                if read == 0 || client.write_all(&from_server[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
