use crate::places::{Place, Places};
use crate::services::SocketIoServices;
use crate::upgrade::upgrade;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::{Bytes, BytesMut};
use engineioxide::service::NotFoundService;
use futures::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use serde::Deserialize;
use socketioxide::service::SocketIoService;
use square_kernel::Whereabouts;
use square_wire::Fault;
use std::sync::Arc;
use uuid::Uuid;

/// The engine that polling requests and sockets are handed to.
pub(crate) type Engine = SocketIoService<NotFoundService>;

/// Brings the requests of the application to the engine.
pub(crate) struct Transport {
    pub(crate) services: Arc<SocketIoServices>,
    pub(crate) engine: Engine,
    pub(crate) places: Arc<Places>,
}

impl Transport {
    /// Answers one request.
    pub(crate) async fn take(&self, request: HttpRequest, body: web::Payload) -> HttpResponse {
        let answered = match self.admit(&request) {
            Err(fault) => Err(fault),
            Ok((head, place)) if wants_socket(&request) => upgrade(&self.engine, &request, head, body, place),
            Ok((head, place)) => self.poll(head, body, place).await,
        };
        answered.unwrap_or_else(|fault| refuse(&fault))
    }

    /// The request as the engine takes it, with the place of its session where there is one, unless it is refused. The place goes along
    /// with the request that opens the session: the engine keeps that for as long as the session lasts, and drops any other.
    fn admit(&self, request: &HttpRequest) -> Result<(http::Request<()>, Option<Arc<Place>>), Fault> {
        if self.services.shutdown.is_cancelled() {
            return Err(Fault::transport(503, "the server is about to stop"));
        }
        let origin = request.headers().get(header::ORIGIN);
        let allowed = origin.is_none_or(|origin| self.services.settings.origins.allow(origin.as_bytes()));
        if !allowed {
            return Err(Fault::origin_not_allowed());
        }
        // The application says where the client is, where it stands behind proxies.
        let told = request.extensions().get::<Whereabouts>().copied();
        let whereabouts = told.unwrap_or_else(|| request.peer_addr().map(|peer| peer.ip()).into());
        let mut head = head(request)?;
        head.extensions_mut().insert(whereabouts);
        if let Some(id) = session_id(request.query_string()) {
            return Ok((head, self.places.find(id)));
        }
        let place = self.places.take(whereabouts)?;
        head.extensions_mut().insert(Seated(Arc::clone(&place)));
        Ok((head, Some(place)))
    }

    /// A request of the polling transport: its body in whole to the engine, the engine's answer in whole to the client.
    async fn poll(
        &self,
        head: http::Request<()>,
        body: web::Payload,
        place: Option<Arc<Place>>,
    ) -> Result<HttpResponse, Fault> {
        let limits = &self.services.settings.limits;
        let opened_now = head.extensions().get::<Seated>().cloned();
        let body = match place {
            Some(place) => {
                let read = tokio::time::timeout(limits.body, read(body, limits.message, &place)).await;
                read.map_err(|_| Fault::too_slow())??
            }
            // Nothing is read for a session that there is none of; what there is to say of that the engine says.
            None => Bytes::new(),
        };
        // The engine's errors are answers, too.
        let Ok(answer) = self.engine.call(head.map(|()| Full::new(body))).await;
        let (parts, body) = answer.into_parts();
        let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponseBuilder::new(status);
        for (name, value) in &parts.headers {
            response.append_header((name.as_str(), value.as_bytes()));
        }
        let body = body.collect().await.map_err(|_| Fault::internal())?.to_bytes();
        if let (Some(Seated(place)), Some(id)) = (opened_now, opened(&body)) {
            place.called(id);
        }
        Ok(response.body(body))
    }
}

/// What a session holds. Only what can be copied may go along with a request.
#[derive(Clone)]
pub(crate) struct Seated(pub(crate) Arc<Place>);

/// Which session a request with this query is of, by the engine's own rule; it opens one where there is none.
fn session_id(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("sid="))
}

/// What the session is called that the engine has opened with this answer: in front of the JSON stands what kind of packet it is.
fn opened(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Open {
        sid: String,
    }
    let json = answer.iter().position(|byte| *byte == b'{')?;
    serde_json::from_slice(&answer[json..]).ok().map(|Open { sid }| sid)
}

/// A body of so many bytes at most, for which there has to be room. What it holds counts as the session's from here on.
async fn read(mut body: web::Payload, at_most: usize, place: &Place) -> Result<Bytes, Fault> {
    let (mut whole, mut held) = (BytesMut::new(), place.body());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Fault::malformed("the body broke off"))?;
        if whole.len() + chunk.len() > at_most {
            return Err(Fault::too_large("a message", at_most));
        }
        held.add(chunk.len())?;
        whole.extend_from_slice(&chunk);
    }
    drop(held);
    place.hold(whole.len())?;
    Ok(whole.freeze())
}

fn wants_socket(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::UPGRADE)
}

/// The request in the types of the engine, without its body.
fn head(request: &HttpRequest) -> Result<http::Request<()>, Fault> {
    let mut copy = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        copy = copy.header(name.as_str(), value.as_bytes());
    }
    copy.body(()).map_err(|_| Fault::malformed("the request is none of HTTP"))
}

/// The fault as a response. It also goes along as a value, for an application that writes all error bodies in one place.
fn refuse(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    response.extensions_mut().insert(fault.clone());
    response.json(fault.body(&Uuid::now_v7().to_string()))
}
