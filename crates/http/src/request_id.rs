use actix_web::http::header::{HeaderMap, HeaderValue};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// What names a request in the log, in error bodies and in the `X-Request-Id` header. Handlers find it among
/// the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The header that carries it.
    pub const HEADER: &'static str = "x-request-id";

    /// The one that the client sent, if it is 1 to 64 letters, digits, `.`, `_` and `-`; else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sane = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        let sent = headers.get(Self::HEADER).and_then(|value| value.to_str().ok()).filter(sane);
        Self(sent.map_or_else(|| Uuid::now_v7().to_string().into(), Into::into))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("invalid"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
