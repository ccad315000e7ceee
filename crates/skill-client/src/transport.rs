use crate::client::Clients;
use crate::failure::{malformed, of_body, of_request, was_refused};
use crate::signing::Signer;
use crate::trail::Trail;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use square_skills::{CheckStage, SkillFailure};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tower::ServiceExt;
use url::Url;

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// How much a skill may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) whole: Duration,
    pub(crate) bytes: u64,
}

/// Makes the calls to one skill.
pub(crate) struct Transport {
    pub(crate) http: Arc<Clients>,
    pub(crate) limits: Limits,
    /// The address that its owner registered.
    pub(crate) home: Url,
    /// Shown at this address and below it, and nowhere else: others may share the host.
    pub(crate) authorization: Option<HeaderValue>,
    /// The same holds for signatures.
    pub(crate) signer: Option<Signer>,
}

/// One call.
pub(crate) struct Call {
    method: Method,
    url: Url,
    body: Vec<u8>,
    accept: &'static str,
    extra: Option<(&'static str, &'static str)>,
}

impl Call {
    pub(crate) fn get(url: &Url) -> Self {
        Self { method: Method::GET, url: url.clone(), body: Vec::new(), accept: JSON, extra: None }
    }

    /// A call with JSON.
    pub(crate) fn post(url: &Url, body: Vec<u8>) -> Self {
        Self { method: Method::POST, body, ..Self::get(url) }
    }

    pub(crate) fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    pub(crate) fn with_header(self, name: &'static str, value: &'static str) -> Self {
        Self { extra: Some((name, value)), ..self }
    }
}

impl Transport {
    /// The head of a reply with a status of 2xx.
    ///
    /// Where the connection was refused it is tried once more. Nothing is sent twice: what a skill has heard it may have
    /// acted upon.
    pub(crate) async fn send(&self, call: Call, trail: &Trail) -> Result<Reply, SkillFailure> {
        trail.begin();
        let request = self.request(call)?;
        let http = self.http.get();
        let sending = async {
            match http.clone().oneshot(request.clone()).await {
                Err(error) if was_refused(&error) => http.oneshot(request).await,
                first => first,
            }
        };
        let sent = timeout(self.limits.first_byte, sending).await;
        let response = sent.map_err(|_| SkillFailure::NoFirstByte(self.limits.first_byte))?;
        let response = response.map_err(|error| of_request(&error))?;
        trail.passed(CheckStage::Tls);
        let status = response.status();
        if !status.is_success() {
            return Err(SkillFailure::Status(status.as_u16()));
        }
        trail.passed(CheckStage::Status);
        let (head, body) = response.into_parts();
        Ok(Reply { headers: head.headers, body: body.boxed_unsync(), limits: self.limits, read: 0 })
    }

    /// The whole JSON body of the reply to a call.
    pub(crate) async fn json(&self, call: Call, trail: &Trail) -> Result<Vec<u8>, SkillFailure> {
        let reply = self.send(call, trail).await?;
        reply.expect_json(trail)?;
        reply.whole(trail).await
    }

    /// Whether a call to `url` shows all that the skill wants to see.
    pub(crate) fn shows_all(&self, url: &Url) -> bool {
        self.authorization.is_none() || is_below(&self.home, url)
    }

    fn request(&self, call: Call) -> Result<Request<Full<Bytes>>, SkillFailure> {
        let at_home = is_below(&self.home, &call.url);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("square/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static(call.accept));
        if let Some(authorization) = self.authorization.as_ref().filter(|_| at_home) {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some((name, value)) = call.extra {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(signer) = self.signer.as_ref().filter(|_| at_home) {
            headers.extend(signer.headers(&call.body));
        }
        if !call.body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        let request = Request::builder().method(call.method).uri(call.url.as_str());
        let mut request = request.body(Full::from(call.body)).map_err(|_| SkillFailure::Internal)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Whether `url` is `home` or stands below it.
fn is_below(home: &Url, url: &Url) -> bool {
    let rest = url.path().strip_prefix(home.path().trim_end_matches('/'));
    home.origin() == url.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A reply whose body is still to come.
pub(crate) struct Reply {
    headers: HeaderMap,
    body: UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>,
    limits: Limits,
    read: u64,
}

impl Reply {
    /// Whether the reply says that it is of this kind; the essence of its content type, in lower case.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        self.essence().is_some_and(|essence| essence == wanted)
    }

    /// A reply that does not say what it is, is taken for JSON.
    pub(crate) fn expect_json(&self, trail: &Trail) -> Result<(), SkillFailure> {
        match self.essence().as_deref() {
            None | Some("application/json" | "text/json") => {}
            Some(other) if other.ends_with("+json") => {}
            Some(_) => return Err(malformed("its content type is not JSON")),
        }
        trail.passed(CheckStage::ContentType);
        Ok(())
    }

    fn essence(&self) -> Option<String> {
        let content_type = self.headers.get(CONTENT_TYPE)?;
        let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        Some(essence.trim().to_ascii_lowercase())
    }

    /// The next piece of the body, unpacked. The limit counts unpacked bytes as they arrive: neither an endless reply
    /// nor a small one that unpacks to a huge one fills the memory.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, SkillFailure> {
        let limit = self.limits.bytes;
        if self.read == 0 {
            self.expect_plain()?;
            if self.body.size_hint().exact().is_some_and(|length| length > limit) {
                return Err(SkillFailure::TooLarge(limit));
            }
        }
        let frame = timeout(self.limits.idle, self.body.frame()).await;
        let frame = frame.map_err(|_| SkillFailure::Idle(self.limits.idle))?;
        let Some(frame) = frame.transpose().map_err(|_| of_body())? else { return Ok(None) };
        // What is no data is trailers, which end the body.
        let piece = frame.into_data().unwrap_or_default();
        self.read += piece.len() as u64;
        if self.read > limit { Err(SkillFailure::TooLarge(limit)) } else { Ok(Some(piece)) }
    }

    /// What is unpacked already no longer says that it is packed.
    fn expect_plain(&self) -> Result<(), SkillFailure> {
        match self.headers.get(CONTENT_ENCODING) {
            Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
                Err(malformed("it is compressed in a way that was not asked for"))
            }
            _ => Ok(()),
        }
    }

    /// The whole body.
    pub(crate) async fn whole(mut self, trail: &Trail) -> Result<Vec<u8>, SkillFailure> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        trail.passed(CheckStage::Body);
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_an_address_begins_with_the_whole_of_it() {
        let below = |home: &str, url: &str| is_below(&Url::parse(home).unwrap(), &Url::parse(url).unwrap());
        for url in ["https://a.example/films", "https://a.example/films/", "https://a.example/films/x/query"]
        {
            assert!(below("https://a.example/films", url) && below("https://a.example/films/", url), "{url}");
            assert!(below("https://a.example", url), "{url}");
        }
        for url in [
            "https://a.example/",
            "https://a.example/filmsandmore",
            "https://a.example/films/../songs",
            "https://a.example/films/%2e%2e/songs",
            "https://a.example:8443/films",
            "http://a.example/films",
            "https://b.example/films",
        ] {
            assert!(!below("https://a.example/films", url), "{url}");
        }
    }
}
