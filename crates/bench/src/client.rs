use crate::Outcome;
use crate::message::Head;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A kept connection that carries one request at a time. It does next to nothing with what comes, so that
/// the processor is left to the servers.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A reply, whole.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Reply<'_> {
    /// The body of a reply that tells of success.
    pub(crate) fn json(&self) -> Outcome<Value> {
        if !(200..300).contains(&self.status) {
            let body = String::from_utf8_lossy(self.body);
            return Err(format!("the server answered {}: {body}", self.status).into());
        }
        Ok(serde_json::from_slice(self.body)?)
    }
}

impl Connection {
    const READ_AHEAD: usize = 64 * 1024;

    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// Takes over a connection made elsewhere.
    pub(crate) fn over(stream: TcpStream) -> Outcome<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(Self::READ_AHEAD) })
    }

    /// Sends a request and waits for the whole reply.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Outcome<Reply<'_>> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        while !head.complete(&self.received) {
            self.receive().await?;
        }
        Ok(Reply { status: head.status(), body: &self.received[head.length..] })
    }

    /// Sends a request that is answered by a stream, waits for its end, and tells when `part` of it came.
    pub(crate) async fn send_and_spot(&mut self, request: &[u8], part: &[u8]) -> Outcome<Instant> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let mut spotted = None;
        loop {
            let now = Instant::now();
            if spotted.is_none()
                && self.received[head.length..].windows(part.len()).any(|bytes| bytes == part)
            {
                spotted = Some(now);
            }
            if head.complete(&self.received) {
                let body = || String::from_utf8_lossy(&self.received[head.length..]);
                return spotted
                    .ok_or_else(|| format!("the reply lacks what was waited for: {}", body()).into());
            }
            self.receive().await?;
        }
    }

    /// Sends a request and waits until its reply has begun.
    pub(crate) async fn begin(&mut self, request: &[u8]) -> Outcome<()> {
        self.received.clear();
        self.stream.write_all(request).await?;
        self.head().await?;
        self.received = Vec::new();
        Ok(())
    }

    async fn head(&mut self) -> Outcome<Head> {
        loop {
            self.receive().await?;
            if let Some(head) = Head::read(&self.received) {
                return Ok(head);
            }
        }
    }

    async fn receive(&mut self) -> Outcome<()> {
        self.received.reserve(Self::READ_AHEAD);
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

/// Runs a few calls on this thread. An error when they take longer than any of them should.
pub(crate) fn block_on<T>(calls: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    const LIMIT: Duration = Duration::from_mins(2);
    block_on_for(LIMIT, calls)
}

/// Runs many calls on this thread. An error when they take longer than `limit`.
pub(crate) fn block_on_for<T>(limit: Duration, calls: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(limit, calls).await.map_err(|_| "the server hangs")? })
}
