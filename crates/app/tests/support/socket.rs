//! A client of `square.v1`.

use crate::client::{Client, Event};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A test that hangs is wrong; this ends it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects by nobody.
    pub(crate) async fn connect(client: &Client) -> Self {
        let url = format!("{}/api/ws", client.url().replacen("http", "ws", 1));
        let (stream, _) = connect_async(url).await.expect("a socket opens");
        Self { stream }
    }

    /// Connects by whoever `client` calls for.
    pub(crate) async fn connect_as(client: &Client) -> Self {
        let mut socket = Self::connect(client).await;
        let told = socket.ask(json!({"type": "auth", "token": client.token()})).await;
        assert_eq!(told["ok"], true, "{told}");
        socket
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("the socket is open");
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        let next = async {
            loop {
                let message = self.stream.next().await.expect("the socket is open");
                if let Message::Text(text) = message.expect("the socket is open") {
                    return serde_json::from_str(&text).expect("messages are JSON");
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("a message comes")
    }

    /// The next event of a question, as other transports bring it.
    pub(crate) async fn event(&mut self) -> Event {
        let mut data = self.next().await;
        let fields = data.as_object_mut().expect("messages are objects");
        fields.remove("ref");
        let name = fields.remove("type").and_then(|name| Some(name.as_str()?.to_owned()));
        let id = data["seq"].as_u64().and_then(|seq| seq.try_into().ok());
        Event { id, name: name.expect("a type"), data }
    }

    /// Sends and gives the next message.
    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }

    /// Hears of changes on these channels from now on.
    pub(crate) async fn subscribe(&mut self, channels: &[&str]) {
        let told = self.ask(json!({"type": "subscribe", "channels": channels})).await;
        assert_eq!(told["type"], "subscribed", "{told}");
    }

    /// The next change: what happened, and to which thing.
    pub(crate) async fn change(&mut self) -> (String, String) {
        let told = self.next().await;
        assert_eq!(told["type"], "change", "{told}");
        let text = |field: &str| told[field].as_str().expect("a text");
        (format!("{} {}", text("channel"), text("event")), text("entity_id").to_owned())
    }
}
