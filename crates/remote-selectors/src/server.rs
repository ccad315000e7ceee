use crate::setup::SetupError;
use crate::trouble::{Trouble, word};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::multipart::Form;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

/// How much of an answer that is an error is read, for the word that it has for it.
const ERROR_BYTES: usize = 64 * 1024;

/// A server outside, at an address of the operator's.
pub(crate) struct Server {
    http: Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Below the server's address, without a slash in front.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) body: Body,
    /// How long it may take, connecting included.
    pub(crate) limit: Duration,
    /// The longest answer, in bytes after decompression.
    pub(crate) max_bytes: usize,
}

/// What a call sends.
pub(crate) enum Body {
    Nothing,
    Json(String),
    /// JSON values, each on a line of its own.
    JsonLines(String),
    Form(Form),
}

impl Server {
    /// On a machine without root certificates, servers over plain HTTP can be reached and those over HTTPS cannot; a
    /// warning is logged.
    pub(crate) fn new(
        key: &'static str,
        base: Url,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, SetupError> {
        let builder = || {
            Client::builder()
                .user_agent(concat!("square/", env!("CARGO_PKG_VERSION")))
                .tcp_nodelay(true)
                .pool_idle_timeout(Duration::from_secs(30))
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
        };
        let http = builder().build().or_else(|error| {
            tracing::warn!(%error, "no root certificates: {key} cannot be reached over https");
            builder().tls_certs_only([]).build()
        });
        let http = http.map_err(|_| SetupError::new(key, "cannot be reached securely from here"))?;
        Ok(Self { http, base, authorization })
    }

    /// The JSON that a call is answered with.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Trouble> {
        let body = self.bytes(call).await?;
        // serde_json's own messages may quote what was sent, so only the place is told.
        serde_json::from_slice(&body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Trouble::Malformed(if error.is_data() {
                format!("it has another shape than expected at {place}")
            } else {
                format!("it is not JSON at {place}")
            })
        })
    }

    /// The body that a call is answered with, if its status is 2xx.
    pub(crate) async fn bytes(&self, call: Call<'_>) -> Result<Vec<u8>, Trouble> {
        let (limit, max_bytes) = (call.limit, call.max_bytes);
        let answered = async {
            let response = self.request(call).send().await.map_err(|error| of_request(&error))?;
            if response.status().is_success() {
                read(response, max_bytes).await
            } else {
                Err(of_status(response).await)
            }
        };
        tokio::time::timeout(limit, answered).await.unwrap_or(Err(Trouble::Late(limit)))
    }

    fn request(&self, call: Call<'_>) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(call.path.split('/'));
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut request = self.http.request(call.method, url);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        match call.body {
            Body::Nothing => request,
            Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text),
            Body::JsonLines(text) => request.header(CONTENT_TYPE, "application/x-ndjson").body(text),
            Body::Form(form) => request.multipart(form),
        }
    }
}

fn of_request(error: &reqwest::Error) -> Trouble {
    if error.is_connect() || error.is_builder() { Trouble::Unreachable } else { Trouble::BrokeOff }
}

async fn of_status(response: Response) -> Trouble {
    let status = response.status().as_u16();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read(response, ERROR_BYTES).await.unwrap_or_default();
    Trouble::Status { status, kind: kind_of(&body), retry_after: seconds.map(Duration::from_secs) }
}

/// The word for an error in the forms `{"error": {"type": "…"}}`, as of Elasticsearch and of those who speak like `OpenAI`.
fn kind_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        error: Kind,
    }
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    serde_json::from_slice::<Said>(body).map(|said| word(&said.error.kind)).unwrap_or_default()
}

/// The whole body; what is too long is not read on, however it arrives and whatever it unpacks to.
async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Trouble::BrokeOff)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(Trouble::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
