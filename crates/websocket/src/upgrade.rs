use crate::connection;
use crate::protocol::SUBPROTOCOL;
use crate::services::WebSocketServices;
use crate::sign_in::SignIn;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use square_kernel::Whereabouts;
use square_wire::{Fault, Origins, access_token};
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// Takes a client in, or tells it by an ordinary response why not.
pub(crate) fn upgrade(
    services: &Arc<WebSocketServices>,
    request: &HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    accept(services, request, body).unwrap_or_else(|fault| refuse(&fault))
}

fn accept(
    services: &Arc<WebSocketServices>,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Fault> {
    if services.shutdown.is_cancelled() {
        return Err(Fault::transport(503, "the server is about to stop"));
    }
    check_origin(&services.settings.origins, request)?;
    let sign_in = sign_in(services, request)?;
    let (response, session, messages) = actix_ws::handle_with_protocols(request, body, &[SUBPROTOCOL])
        .map_err(|_| Fault::malformed("this address takes WebSocket connections (version 13) only"))?;
    let id = Uuid::now_v7();
    let span = tracing::info_span!("websocket", connection = %id);
    let socket = connection::run(Arc::clone(services), id, sign_in, session, messages).instrument(span);
    actix_web::rt::spawn(services.sockets.track_future(socket));
    Ok(response)
}

fn check_origin(origins: &Origins, request: &HttpRequest) -> Result<(), Fault> {
    let origin = request.headers().get(header::ORIGIN);
    let allowed = origin.is_none_or(|origin| origins.allow(origin.as_bytes()));
    if allowed { Ok(()) } else { Err(Fault::origin_not_allowed()) }
}

fn sign_in(services: &WebSocketServices, request: &HttpRequest) -> Result<SignIn, Fault> {
    let sign_in = SignIn::nobody(Arc::clone(&services.accounts), whereabouts(request));
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        sign_in.take(access_token(value.as_bytes())?)?;
    }
    Ok(sign_in)
}

/// Where the client is: the application says so where it stands behind proxies.
fn whereabouts(request: &HttpRequest) -> Whereabouts {
    let told = request.extensions().get::<Whereabouts>().copied();
    told.unwrap_or_else(|| request.peer_addr().map(|peer| peer.ip()).into())
}

/// The fault as a response. It also goes along as a value, for an application that writes all error bodies
/// in one place, where the request's id is known.
fn refuse(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    response.extensions_mut().insert(fault.clone());
    response.json(fault.body(&Uuid::now_v7().to_string()))
}
