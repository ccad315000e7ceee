//! What every request passes on its way in and out: its id, its line in the log, the error body, the headers
//! that all responses have. A panic ends here.

use crate::RequestId;
use crate::api::State;
use crate::cors::{allow_credentials, credentialed_origin};
use crate::failure::{self, ErrorForm, Failure};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use futures::FutureExt;
use square_kernel::Whereabouts;
use square_wire::{Fault, Origins};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument;

/// The middleware; to be the outermost one.
pub(crate) async fn envelope(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let id = RequestId::of(request.headers());
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method = %request.method(),
        // The pattern and never the path: paths of mailed links hold secrets.
        route = request.match_pattern().as_deref().unwrap_or("none"),
    );
    request.extensions_mut().insert(id.clone());
    let whereabouts = whereabouts(&request);
    // For this and other transports: where a call comes from is found out in one place.
    request.extensions_mut().insert(whereabouts);
    let (form, origin) = (error_form(&request), allowed_origin(&request));
    let credentialed = credentialed_origin(&request);
    if request.method() == Method::HEAD && !request.headers().contains_key(header::UPGRADE) {
        // The server leaves the body out by itself, so HEAD is answered by whatever answers GET; but for a
        // WebSocket, which would be opened by it.
        request.head_mut().method = Method::GET;
    }

    let answer = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let answer = match answer {
        Ok(Ok(response)) => {
            let mut response = finished(response.map_into_boxed_body(), form, &id);
            if let Some(origin) = credentialed {
                allow_credentials(response.headers_mut(), origin);
            }
            Ok(response)
        }
        Ok(Err(error)) => Err(span.in_scope(|| refused(&error, form, &id, origin))),
        Err(panic) => {
            span.in_scope(|| tracing::error!(panic = message(panic.as_ref()), "a handler panicked"));
            Err(refused(&Failure(Fault::internal()).into(), form, &id, origin))
        }
    };
    let status = match &answer {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(parent: &span, status = status.as_u16(), took_us, "answered");
    answer
}

fn finished(
    mut response: ServiceResponse<BoxBody>,
    form: ErrorForm,
    id: &RequestId,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let fault = response.response_mut().extensions_mut().remove::<Fault>();
        let fault = fault.unwrap_or_else(|| unexplained(status));
        response =
            response.map_body(|head, _| BoxBody::new(failure::write(&fault, form, id, &mut head.headers)));
    }
    dress(response.headers_mut(), id);
    response
}

/// An error that came out of the application instead of a response, and so past the CORS middleware.
fn refused(error: &Error, form: ErrorForm, id: &RequestId, origin: Option<HeaderValue>) -> Error {
    let fault = if let Some(Failure(fault)) = error.as_error() {
        fault.clone()
    } else {
        let status = error.as_response_error().status_code();
        if status.is_server_error() {
            tracing::error!(%error, "a request failed outside of its handler");
        }
        unexplained(status)
    };
    let mut response = HttpResponse::new(failure::status(&fault));
    let body = failure::write(&fault, form, id, response.headers_mut());
    dress(response.headers_mut(), id);
    if let Some(origin) = origin {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    InternalError::from_response(fault.message, response.set_body(BoxBody::new(body))).into()
}

/// Whose clients call this path.
fn error_form(request: &ServiceRequest) -> ErrorForm {
    let state = request.app_data::<Data<State>>();
    let openai = state.is_some_and(|state| state.services.settings.is_openai(request.path()));
    if openai { ErrorForm::OpenAi } else { ErrorForm::Own }
}

fn whereabouts(request: &ServiceRequest) -> Whereabouts {
    let state = request.app_data::<Data<State>>();
    state.and_then(|state| state.services.settings.proxies.client(request.request())).into()
}

/// What lets the scripts that sent this request read its answer; nothing where they may not.
fn allowed_origin(request: &ServiceRequest) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let origins = &request.app_data::<Data<State>>()?.services.settings.cors_origins;
    match origins {
        Origins::Any => Some(HeaderValue::from_static("*")),
        Origins::Only(_) => origins.allow(origin.as_bytes()).then(|| origin.clone()),
    }
}

/// What can be told of an error of which only the status is known.
fn unexplained(status: StatusCode) -> Fault {
    let reason = status.canonical_reason().unwrap_or("the request failed").to_lowercase();
    Fault::transport(status.as_u16(), reason)
}

/// Headers that every response has, where the handler has not set them to something else.
fn dress(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(HeaderName::from_static(RequestId::HEADER), id.header());
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in defaults {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}
