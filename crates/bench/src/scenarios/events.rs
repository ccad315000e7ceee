use crate::client::{Connection, block_on};
use crate::message::post_json;
use crate::options::Options;
use crate::report::{Aim, Round, Row, Unit};
use crate::statistics::{quantile, sorted};
use crate::world::{World, question};
use crate::{Outcome, limits};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Instant;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How many questions a round asks each way, one after another.
const QUESTIONS: usize = 200;

type Stamps = UnboundedReceiver<Instant>;

/// From the last byte of a skill's answer to the client's event, against a bare server that sends the answer
/// on: the median and the 99th percentile of each round.
pub(crate) fn events(world: &mut World, options: &Options) -> Outcome<Vec<Row>> {
    let relay = limits::relay(&world.thoughtful_stub)?;
    let server = world.server.address;
    let question = question(std::slice::from_ref(&world.thoughtful));
    let request = post_json("/api/question", &[("accept", "text/event-stream")], &question);
    let stamps = &mut world.stamps;
    let [mut sse, mut socket] = [Percentiles::default(), Percentiles::default()];
    for round in 1..=options.rounds {
        anstream::eprintln!("events: round {round} of {}", options.rounds);
        let limit = block_on(over_sse(relay, &request, stamps))?;
        sse.note(&block_on(over_sse(server, &request, stamps))?, &limit);
        socket.note(&block_on(over_socket(server, &question, stamps))?, &limit);
    }
    Ok([sse.rows("Server-Sent Events"), socket.rows("WebSocket")].into_iter().flatten().collect())
}

/// The rounds of one way.
#[derive(Default)]
struct Percentiles {
    median: Vec<Round>,
    p99: Vec<Round>,
}

impl Percentiles {
    fn note(&mut self, server: &[f64], limit: &[f64]) {
        let round = |share| Round { server: quantile(server, share), limit: quantile(limit, share) };
        self.median.push(round(0.5));
        self.p99.push(round(0.99));
    }

    fn rows(self, way: &str) -> [Row; 2] {
        let name = |part| format!("skill's last byte to client's event, {way}, {part}");
        [
            Row::new(name("median"), Unit::Milliseconds, Aim::Below(1.0), self.median),
            Row::new(name("99th percentile"), Unit::Milliseconds, Aim::None, self.p99),
        ]
    }
}

/// Milliseconds from stamp to event, from the least to the most.
async fn over_sse(address: SocketAddr, request: &[u8], stamps: &mut Stamps) -> Outcome<Vec<f64>> {
    let mut connection = Connection::open(address).await?;
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let arrived = connection.send_and_spot(request, b"event: skill_result").await?;
        times.push(since_stamp(stamps, arrived).await?);
    }
    Ok(sorted(times))
}

/// As [`over_sse`], over one socket.
async fn over_socket(address: SocketAddr, question: &Value, stamps: &mut Stamps) -> Outcome<Vec<f64>> {
    let mut socket = connect(address).await?;
    let mut query = question.clone();
    query["type"] = json!("query");
    query["ref"] = json!("benchmark");
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        socket.send(Message::text(query.to_string())).await?;
        let arrived = wait_for(&mut socket, "skill_result").await?;
        times.push(since_stamp(stamps, arrived).await?);
        wait_for(&mut socket, "finished").await?;
    }
    Ok(sorted(times))
}

async fn connect(address: SocketAddr) -> Outcome<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/api/ws").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("square.v1"));
    Ok(client_async(request, stream).await?.0)
}

/// When the next message of the type `wanted` came.
async fn wait_for(socket: &mut WebSocketStream<TcpStream>, wanted: &str) -> Outcome<Instant> {
    loop {
        let message = socket.next().await.ok_or("the server closed the socket")??;
        let arrived = Instant::now();
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text)?;
        match message["type"].as_str() {
            Some(found) if found == wanted => return Ok(arrived),
            Some("error") => return Err(format!("the server refused: {text}").into()),
            _ => {}
        }
    }
}

async fn since_stamp(stamps: &mut Stamps, arrived: Instant) -> Outcome<f64> {
    let stamp = stamps.recv().await.ok_or("the skill has gone")?;
    Ok(arrived.saturating_duration_since(stamp).as_secs_f64() * 1e3)
}
