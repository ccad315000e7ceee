use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use square_accounts::ports::identity::IdentityError;
use square_kernel::Unavailable;
use std::time::Duration;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

/// How providers are asked.
#[derive(Debug, Clone)]
pub struct ProviderClientSettings {
    /// How long finding the address, connecting and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long all calls of one sign-in may take together.
    pub time_limit: Duration,
    /// The largest reply taken, in bytes.
    pub max_response_bytes: usize,
}

impl Default for ProviderClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            time_limit: Duration::from_secs(10),
            max_response_bytes: 256 * 1024,
        }
    }
}

/// Calls providers. Cheap to clone; all clones share their connections.
///
/// What goes wrong is told without addresses and bodies: they hold codes, tokens and the application's secret.
#[derive(Clone)]
pub struct ProviderClient {
    http: Client,
    settings: ProviderClientSettings,
}

/// What a provider answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl ProviderClient {
    /// On a machine without root certificates, providers over plain HTTP can be asked and those over HTTPS cannot be
    /// reached; a warning is logged.
    pub fn new(settings: ProviderClientSettings) -> Result<Self, Unavailable> {
        let builder = || {
            Client::builder()
                // GitHub answers nobody who does not say who they are.
                .user_agent(concat!("square/", env!("CARGO_PKG_VERSION")))
                .http1_only()
                .tcp_nodelay(true)
                .connect_timeout(settings.connect_timeout)
                .pool_idle_timeout(Duration::from_secs(30))
                // A redirect would carry the application's secret to wherever it points.
                .redirect(Policy::none())
                .referer(false)
                .gzip(false)
                .no_proxy()
        };
        let http = builder().build().or_else(|error| {
            tracing::warn!(%error, "no root certificates: identity providers over https cannot be reached");
            builder().tls_certs_only([]).build().map_err(Unavailable::new)
        })?;
        Ok(Self { http, settings })
    }

    pub(crate) fn get(&self, url: &str) -> RequestBuilder {
        self.http.get(url)
    }

    /// Posts a form.
    pub(crate) fn post(&self, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
    }

    /// All of one sign-in within the time limit.
    pub(crate) async fn within_limits<T>(
        &self,
        calls: impl Future<Output = Result<T, IdentityError>>,
    ) -> Result<T, IdentityError> {
        match timeout(self.settings.time_limit, calls).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unavailable::new("an identity provider did not answer in time").into()),
        }
    }

    /// Asks for something that can be done without: it leaves half of the time for what comes after.
    pub(crate) async fn within_half<T>(
        &self,
        call: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        let late = |_| Unavailable::new("an identity provider did not answer in time");
        timeout(self.settings.time_limit / 2, call).await.map_err(late)?
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Unavailable> {
        let response = request.header(ACCEPT, "application/json").send().await;
        let mut response = response.map_err(|error| Unavailable::new(error.without_url()))?;
        let body = self.body(&mut response).await?;
        Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// The limit counts bytes as they arrive: an endless reply fills no memory.
    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, Unavailable> {
        let limit = self.settings.max_response_bytes;
        let too_large = || Unavailable::new(format!("an identity provider sent more than {limit} bytes"));
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Unavailable::new(error.without_url()))?
        {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Answer {
    /// The body as JSON. The parser's own messages may quote the body, so only the place is told.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Unavailable> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Unavailable::new(format!(
                "an identity provider's answer is unusable at line {line}, column {column}"
            ))
        })
    }

    /// How long the provider lets the answer be kept.
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let values = self.headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
        let seconds = directives.find_map(|directive| directive.strip_prefix("max-age="))?;
        seconds.parse().ok().map(Duration::from_secs)
    }

    /// Whether the provider wants fewer calls. GitHub says that by 403 as well as by 429, and then with the headers of its limits:
    /// it is no word about what was sent.
    pub(crate) fn wants_fewer_calls(&self) -> bool {
        let none_left = self.headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0");
        match self.status.as_u16() {
            429 => true,
            403 => none_left || self.headers.contains_key(RETRY_AFTER),
            _ => false,
        }
    }

    /// That the status is not one a provider documents, for the log.
    pub(crate) fn unexpected(&self, what: &str) -> Unavailable {
        Unavailable::new(format!("{what} answered with status {}", self.status.as_u16()))
    }
}

/// `Bearer` and the token, which no log may show; `None` when the token cannot stand in a header.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An address with these parameters; as it is where it is none.
pub(crate) fn with_query(base: &str, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(base) else { return base.to_owned() };
    url.query_pairs_mut().extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    url.into()
}
