use crate::places::Place;
use crate::transport::Engine;
use actix_http::ws;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use futures::StreamExt;
use hyper::service::Service;
use square_wire::Fault;
use std::sync::{Arc, Weak};
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio_util::io::ReaderStream;

/// How many bytes are on their way between the connection and the engine, each way.
const UNDER_WAY: usize = 64 * 1024;

/// Turns a request into a socket of the engine's: the handshake is the application's, the frames are the engine's. The engine
/// wants a connection that may move between threads, which a worker's own may not, so a pipe stands between the two.
pub(crate) fn upgrade(
    engine: &Engine,
    request: &HttpRequest,
    head: http::Request<()>,
    body: web::Payload,
    place: Option<Arc<Place>>,
) -> Result<HttpResponse, Fault> {
    let place = place.ok_or_else(|| Fault::malformed("there is no such session"))?;
    ws::verify_handshake(request.head())
        .map_err(|_| Fault::malformed("the upgrade is none to WebSocket (version 13)"))?;
    let (ours, theirs) = duplex(UNDER_WAY);
    let opened: Result<(), _> = engine.call((theirs, head)).into_inner();
    opened.map_err(|_| {
        Fault::malformed("the query says neither transport=websocket nor which version (EIO)")
    })?;
    let (outgoing, incoming) = split(ours);
    actix_web::rt::spawn(bring(body, incoming, Arc::downgrade(&place)));
    Ok(answer(request, outgoing))
}

/// Brings what the client sends to the engine, to the end of the connection, which comes where there is no room for it.
async fn bring(mut body: web::Payload, mut engine: WriteHalf<DuplexStream>, place: Weak<Place>) {
    while let Some(Ok(chunk)) = body.next().await {
        // Nothing is left of a session that has ended.
        let Some(place) = place.upgrade() else { break };
        if let Err(fault) = place.hold(chunk.len()) {
            tracing::debug!(why = %fault.message, "a connection ends");
            break;
        }
        if engine.write_all(&chunk).await.is_err() {
            break;
        }
    }
    // The engine may have gone first.
    let _ = engine.shutdown().await;
}

fn answer(request: &HttpRequest, outgoing: ReadHalf<DuplexStream>) -> HttpResponse {
    let handshake = ws::handshake_response(request.head()).finish();
    let mut response = HttpResponseBuilder::new(handshake.status());
    for (name, value) in handshake.headers() {
        response.insert_header((name, value));
    }
    response.upgrade("websocket").streaming(ReaderStream::with_capacity(outgoing, UNDER_WAY))
}
