//! The server's side of AMQP 0-9-1, as far as a publisher sees it, for brokers that misbehave.

use square_change_feed::{BrokerAddress, RabbitMq, RabbitMqSettings};
use square_kernel::Secret;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// Long enough for everything that is meant to succeed, also on a busy machine.
const AMPLE: Duration = Duration::from_secs(20);

/// Short, for what is meant to run into its limit.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

/// A password that must turn up nowhere.
pub(crate) const PASSWORD: &str = "wh1sp3r";

/// Classes and methods of AMQP 0-9-1.
mod method {
    pub(super) const START: (u16, u16) = (10, 10);
    pub(super) const START_OK: (u16, u16) = (10, 11);
    pub(super) const TUNE: (u16, u16) = (10, 30);
    pub(super) const OPEN: (u16, u16) = (10, 40);
    pub(super) const OPEN_OK: (u16, u16) = (10, 41);
    pub(super) const CLOSE: (u16, u16) = (10, 50);
    pub(super) const CLOSE_OK: (u16, u16) = (10, 51);
    pub(super) const BLOCKED: (u16, u16) = (10, 60);
    pub(super) const UNBLOCKED: (u16, u16) = (10, 61);
    pub(super) const CHANNEL_OPEN: (u16, u16) = (20, 10);
    pub(super) const CHANNEL_OPEN_OK: (u16, u16) = (20, 11);
    pub(super) const CHANNEL_CLOSE: (u16, u16) = (20, 40);
    pub(super) const CHANNEL_CLOSE_OK: (u16, u16) = (20, 41);
    pub(super) const EXCHANGE_DECLARE: (u16, u16) = (40, 10);
    pub(super) const EXCHANGE_DECLARE_OK: (u16, u16) = (40, 11);
    pub(super) const PUBLISH: (u16, u16) = (60, 40);
    pub(super) const ACK: (u16, u16) = (60, 80);
    pub(super) const NACK: (u16, u16) = (60, 120);
    pub(super) const CONFIRM: (u16, u16) = (85, 10);
    pub(super) const CONFIRM_OK: (u16, u16) = (85, 11);
}

/// How far a broker goes along before it does something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Until {
    Connected,
    Greeted,
    LoggedIn,
    VirtualHost,
    Channel,
    Exchange,
    Ready,
}

impl Until {
    pub(crate) const ALL: [Self; 7] = [
        Self::Connected,
        Self::Greeted,
        Self::LoggedIn,
        Self::VirtualHost,
        Self::Channel,
        Self::Exchange,
        Self::Ready,
    ];
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A broker on a port of its own.
pub(crate) struct Broker {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
}

impl Broker {
    /// Each connection is dealt with by `script`, which is also told how many there were before.
    pub(crate) async fn start<F, S>(script: S) -> Self
    where
        S: Fn(Peer, usize) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let before = counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(Peer { stream: Box::new(stream), closed_properly: false }, before));
            }
        });
        Self { port, connections }
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn settings(&self) -> RabbitMqSettings {
        self.settings_over("amqp")
    }

    pub(crate) fn settings_over(&self, scheme: &str) -> RabbitMqSettings {
        let place = format!("{scheme}://127.0.0.1:{}", self.port);
        let address = BrokerAddress::new(&place, "square", Secret::new(PASSWORD), "/here").unwrap();
        RabbitMqSettings {
            connect_timeout: AMPLE,
            delivery_timeout: AMPLE,
            ..RabbitMqSettings::new(address, "changes")
        }
    }

    pub(crate) fn publisher(&self) -> RabbitMq {
        RabbitMq::new(self.settings()).unwrap()
    }

    /// One that soon loses patience with the broker.
    pub(crate) fn impatient_publisher(&self) -> RabbitMq {
        let settings =
            RabbitMqSettings { connect_timeout: SHORT, delivery_timeout: SHORT, ..self.settings() };
        RabbitMq::new(settings).unwrap()
    }

    /// A text about this broker.
    pub(crate) fn says(&self, what: &str) -> String {
        format!("the broker at 127.0.0.1:{} {what}", self.port)
    }
}

/// One connection, from the broker's side.
pub(crate) struct Peer {
    pub(crate) stream: Box<dyn Stream>,
    /// Whether the client has said that it goes.
    pub(crate) closed_properly: bool,
}

/// A message as the broker gets it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    pub(crate) body: String,
}

impl Peer {
    /// Goes along up to `until`; `None` when the client hangs up before.
    pub(crate) async fn go_along(&mut self, until: Until) -> Option<()> {
        if until >= Until::Greeted {
            let mut header = [0; 8];
            self.stream.read_exact(&mut header).await.ok()?;
            assert_eq!(&header, b"AMQP\0\0\x09\x01");
            self.send(0, method::START, b"\0\x09\0\0\0\0\0\0\0\x05PLAIN\0\0\0\x05en_US").await;
        }
        if until >= Until::LoggedIn {
            self.hear_log_in().await?;
            // 2047 channels, frames of 128 KiB, a minute between heartbeats.
            self.send(0, method::TUNE, b"\x07\xff\0\x02\0\0\0\x3c").await;
        }
        if until >= Until::VirtualHost {
            self.hear_virtual_host().await?;
            self.send(0, method::OPEN_OK, b"\0").await;
        }
        if until >= Until::Channel {
            self.expect(method::CHANNEL_OPEN).await?;
            self.send(1, method::CHANNEL_OPEN_OK, b"\0\0\0\0").await;
        }
        if until >= Until::Exchange {
            self.hear_exchange().await?;
            self.send(1, method::EXCHANGE_DECLARE_OK, b"").await;
        }
        if until >= Until::Ready {
            self.expect(method::CONFIRM).await?;
            self.send(1, method::CONFIRM_OK, b"").await;
        }
        Some(())
    }

    pub(crate) async fn hear_log_in(&mut self) -> Option<()> {
        self.expect(method::START_OK).await.map(drop)
    }

    pub(crate) async fn hear_virtual_host(&mut self) -> Option<()> {
        self.expect(method::OPEN).await.map(drop)
    }

    pub(crate) async fn hear_exchange(&mut self) -> Option<()> {
        self.expect(method::EXCHANGE_DECLARE).await.map(drop)
    }

    /// The next message; `None` when the client takes its leave or hangs up.
    pub(crate) async fn message(&mut self) -> Option<Published> {
        let arguments = self.expect(method::PUBLISH).await?;
        let (exchange, rest) = short_text(&arguments[2..]);
        let (routing_key, _) = short_text(rest);
        let (_, header) = self.frame().await?;
        let size = u64::from_be_bytes(header[4..12].try_into().unwrap());
        let (_, body) = self.frame().await?;
        assert_eq!(size, body.len() as u64);
        Some(Published { exchange, routing_key, body: String::from_utf8(body).unwrap() })
    }

    /// Takes so many messages, confirming none.
    pub(crate) async fn messages(&mut self, count: usize) {
        for _ in 0..count {
            self.message().await.unwrap();
        }
    }

    /// Confirms message `tag`, counted from 1 on each connection.
    pub(crate) async fn ack(&mut self, tag: u64) {
        self.send(1, method::ACK, &[&tag.to_be_bytes()[..], b"\0"].concat()).await;
    }

    /// Confirms all messages up to `tag`.
    pub(crate) async fn ack_up_to(&mut self, tag: u64) {
        self.send(1, method::ACK, &[&tag.to_be_bytes()[..], b"\x01"].concat()).await;
    }

    /// Says that message `tag` could not be stored.
    pub(crate) async fn nack(&mut self, tag: u64) {
        self.send(1, method::NACK, &[&tag.to_be_bytes()[..], b"\0"].concat()).await;
    }

    /// Takes and confirms messages until the client goes; takes part in a farewell.
    pub(crate) async fn serve(&mut self) {
        let mut tag = 0;
        while self.message().await.is_some() {
            tag += 1;
            self.ack(tag).await;
        }
    }

    /// Closes the channel, saying `code` and the password.
    pub(crate) async fn close_channel(&mut self, code: u16) {
        self.send(1, method::CHANNEL_CLOSE, &reason(code)).await;
    }

    /// Closes the connection, saying `code` and the password.
    pub(crate) async fn close(&mut self, code: u16) {
        self.send(0, method::CLOSE, &reason(code)).await;
    }

    pub(crate) async fn block(&mut self) {
        self.send(0, method::BLOCKED, b"\x0alow memory").await;
    }

    pub(crate) async fn unblock(&mut self) {
        self.send(0, method::UNBLOCKED, b"").await;
    }

    /// Says nothing any more; returns when the client has hung up.
    pub(crate) async fn say_nothing(&mut self) {
        let mut ignored = [0; 1024];
        while self.stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
    }

    /// Passes over everything up to `wanted` and returns its arguments.
    async fn expect(&mut self, wanted: (u16, u16)) -> Option<Vec<u8>> {
        loop {
            let (kind, payload) = self.frame().await?;
            if kind != 1 {
                continue;
            }
            let (name, arguments) = payload.split_at(4);
            let name = (u16::from_be_bytes([name[0], name[1]]), u16::from_be_bytes([name[2], name[3]]));
            match name {
                method::CLOSE => {
                    self.closed_properly = true;
                    self.send(0, method::CLOSE_OK, b"").await;
                    return None;
                }
                method::CHANNEL_CLOSE => self.send(1, method::CHANNEL_CLOSE_OK, b"").await,
                name if name == wanted => return Some(arguments.to_vec()),
                _ => {}
            }
        }
    }

    /// Kind and payload of the next frame.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 7];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes(head[3..].try_into().unwrap()) as usize;
        let mut payload = vec![0; length + 1];
        self.stream.read_exact(&mut payload).await.ok()?;
        assert_eq!(payload.pop(), Some(0xCE), "a frame has an end");
        Some((head[0], payload))
    }

    /// Sends a method; that the client has gone does not matter.
    async fn send(&mut self, channel: u16, (class, method): (u16, u16), arguments: &[u8]) {
        let length = u32::try_from(arguments.len() + 4).unwrap();
        let mut frame = vec![1];
        frame.extend(channel.to_be_bytes());
        frame.extend(length.to_be_bytes());
        frame.extend(class.to_be_bytes());
        frame.extend(method.to_be_bytes());
        frame.extend(arguments);
        frame.push(0xCE);
        let _ = self.stream.write_all(&frame).await;
    }
}

fn reason(code: u16) -> Vec<u8> {
    let text = format!("NO - {PASSWORD}");
    [&code.to_be_bytes()[..], &[u8::try_from(text.len()).unwrap()], text.as_bytes(), &[0; 4]].concat()
}

fn short_text(bytes: &[u8]) -> (String, &[u8]) {
    let (text, rest) = bytes[1..].split_at(usize::from(bytes[0]));
    (String::from_utf8(text.to_vec()).unwrap(), rest)
}
