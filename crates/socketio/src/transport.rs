use crate::places::{Place, Places};
use crate::services::SocketIoServices;
use crate::upgrade::upgrade;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use engineioxide::service::NotFoundService;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
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
            Ok(head) if wants_socket(&request) => upgrade(&self.engine, &request, head, body),
            Ok(head) => self.poll(head, body).await,
        };
        answered.unwrap_or_else(|fault| refuse(&fault))
    }

    /// The request as the engine takes it, unless it is refused. The place of a session goes along with the request that opens it: the
    /// engine keeps that for as long as the session lasts, and drops any other.
    fn admit(&self, request: &HttpRequest) -> Result<http::Request<()>, Fault> {
        if self.services.shutdown.is_cancelled() {
            return Err(Fault::transport(503, "the server is about to stop"));
        }
        let origin = request.headers().get(header::ORIGIN);
        let allowed = origin.is_none_or(|origin| self.services.settings.origins.allow(origin.as_bytes()));
        if !allowed {
            return Err(Fault::origin_not_allowed());
        }
        let mut head = head(request)?;
        if opens(request.query_string()) {
            let place = self.places.take((self.services.client_address)(request))?;
            head.extensions_mut().insert(Held { _place: Arc::new(place) });
        }
        Ok(head)
    }

    /// A request of the polling transport: its body in whole to the engine, the engine's answer in whole to the client.
    async fn poll(&self, head: http::Request<()>, body: web::Payload) -> Result<HttpResponse, Fault> {
        let limits = &self.services.settings.limits;
        let body = match tokio::time::timeout(limits.body, body.to_bytes_limited(limits.message)).await {
            Err(_) => return Err(Fault::too_slow()),
            Ok(Err(_)) => return Err(Fault::too_large("a message", limits.message)),
            Ok(Ok(Err(_))) => return Err(Fault::malformed("the body broke off")),
            Ok(Ok(Ok(body))) => body,
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
        Ok(response.body(body))
    }
}

/// What a session holds. Only what can be copied may go along with a request.
#[derive(Clone)]
struct Held {
    _place: Arc<Place>,
}

/// Whether the engine opens a session for a request with this query, by its own rule.
fn opens(query: &str) -> bool {
    !query.split('&').any(|pair| pair.starts_with("sid="))
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
    // Where the client is: the application says so where it stands behind proxies.
    let told = request.extensions().get::<Whereabouts>().copied();
    let whereabouts = told.unwrap_or_else(|| request.peer_addr().map(|peer| peer.ip()).into());
    copy.extension(whereabouts).body(()).map_err(|_| Fault::malformed("the request is none of HTTP"))
}

/// The fault as a response. It also goes along as a value, for an application that writes all error bodies in one place.
fn refuse(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    response.extensions_mut().insert(fault.clone());
    response.json(fault.body(&Uuid::now_v7().to_string()))
}
