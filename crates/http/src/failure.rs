use crate::RequestId;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use square_wire::Fault;
use std::fmt;

/// An error on its way out of a handler or an extractor. It becomes a response without a body that carries
/// the [`Fault`]; the body is written where the request's id is known, on the way out of the application.
#[derive(Debug)]
pub struct Failure(pub Fault);

impl<E> From<E> for Failure
where
    for<'a> Fault: From<&'a E>,
{
    fn from(error: E) -> Self {
        Self(Fault::from(&error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        refuse(self.0.clone()).finish()
    }
}

/// A response with this fault, to which headers can be added.
pub(crate) fn refuse(fault: Fault) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status(&fault));
    response.extensions_mut().insert(fault);
    response
}

/// Whose form the body of an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// This API's.
    Own,
    /// OpenAI's.
    OpenAi,
}

/// The body of `fault`, and the headers that go with it set in `headers`.
pub(crate) fn write(fault: &Fault, form: ErrorForm, id: &RequestId, headers: &mut HeaderMap) -> Vec<u8> {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if fault.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    // A struct of strings and numbers always serialises.
    let body = match form {
        ErrorForm::Own => serde_json::to_vec(&fault.body(id.as_str())),
        ErrorForm::OpenAi => serde_json::to_vec(&fault.openai_body()),
    };
    body.unwrap_or_default()
}

pub(crate) fn status(fault: &Fault) -> StatusCode {
    StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
