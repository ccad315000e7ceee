use crate::client::{Clients, SkillClientSettings, allowed};
use crate::failure::{broke_off, malformed, of_body, of_request};
use crate::{square, square2};
use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response};
use square_kernel::Sealer;
use square_skills::{Protocol, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillFailure, SkillRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Replies up to this many bytes without HTML are parsed on the spot; others would hold up the questions that
/// share the thread, and go to a thread for such work.
const PARSED_ON_THE_SPOT: usize = 32 * 1024;

/// A service behind a URL.
pub(crate) struct RemoteSkill {
    http: Arc<Clients>,
    query: Url,
    ping: Url,
    protocol: Protocol,
    authorization: Option<HeaderValue>,
    time_limit: Duration,
    max_response_bytes: u64,
}

/// A skill that cannot be asked at all.
pub(crate) struct Unusable(pub(crate) SkillFailure);

impl RemoteSkill {
    /// Fails as every question would.
    pub(crate) fn new(
        http: Arc<Clients>,
        settings: &SkillClientSettings,
        sealer: &dyn Sealer,
        skill: &RegisteredSkill,
    ) -> Result<Self, SkillFailure> {
        let SkillAddress::Remote { url, protocol } = &skill.address else {
            return Err(SkillFailure::Internal);
        };
        let below = |path: &str| Url::parse(&format!("{}/{path}", url.as_str()));
        let (Ok(query), Ok(ping)) = (below("query"), below("ping")) else {
            return Err(SkillFailure::Internal);
        };
        allowed(&query, settings)?;
        Ok(Self {
            http,
            query,
            ping,
            protocol: *protocol,
            authorization: authorization(sealer, skill)?,
            time_limit: settings.time_limit,
            max_response_bytes: settings.max_response_bytes,
        })
    }

    fn http(&self) -> Result<&Client, SkillFailure> {
        self.http.get().map_err(|_| SkillFailure::Internal)
    }

    async fn query(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        let body = match self.protocol {
            Protocol::Square => square::query(request)?,
            Protocol::Square2 => square2::query(request)?,
        };
        let call = self.http()?.post(self.query.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let response = self.send(call.header(ACCEPT, "application/json")).await?;
        expect_json(response.headers())?;
        let reply = self.read(response).await?;
        let (protocol, max_results) = (self.protocol, usize::from(request.max_results));
        if reply.len() <= PARSED_ON_THE_SPOT && !may_hold_html(&reply) {
            return parse(protocol, &reply, max_results);
        }
        let parsed = tokio::task::spawn_blocking(move || parse(protocol, &reply, max_results)).await;
        parsed.unwrap_or(Err(SkillFailure::Internal))
    }

    /// The head of a reply with a status of 2xx.
    ///
    /// When the connection ends before any reply, it is tried once more: a kept connection may have been
    /// closed by the skill just as the question went out, and to ask twice does no harm.
    async fn send(&self, mut call: RequestBuilder) -> Result<Response, SkillFailure> {
        if let Some(authorization) = &self.authorization {
            call = call.header(AUTHORIZATION, authorization);
        }
        let again = call.try_clone();
        let response = match (call.send().await, again) {
            (Err(error), Some(again)) if broke_off(&error) => again.send().await,
            (first, _) => first,
        };
        let response = response.map_err(|error| of_request(&error))?;
        let status = response.status();
        if status.is_success() { Ok(response) } else { Err(SkillFailure::Status(status.as_u16())) }
    }

    /// The whole body. The limit counts decompressed bytes as they arrive: neither an endless reply nor a
    /// small one that unpacks to a huge one fills the memory.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, SkillFailure> {
        let limit = self.max_response_bytes;
        let too_large = |bytes: u64| bytes > limit;
        if response.content_length().is_some_and(too_large) {
            return Err(SkillFailure::TooLarge(limit));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| of_body())? {
            if too_large((body.len() + chunk.len()) as u64) {
                return Err(SkillFailure::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

#[async_trait]
impl Skill for RemoteSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        timeout(self.time_limit, self.query(request)).await.unwrap_or(Err(SkillFailure::TimedOut))
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        let ping = self.send(self.http()?.get(self.ping.clone()));
        timeout(self.time_limit, ping).await.unwrap_or(Err(SkillFailure::TimedOut)).map(drop)
    }
}

#[async_trait]
impl Skill for Unusable {
    async fn answer(&self, _request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        Err(self.0.clone())
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        Err(self.0.clone())
    }
}

fn authorization(sealer: &dyn Sealer, skill: &RegisteredSkill) -> Result<Option<HeaderValue>, SkillFailure> {
    let Some(secret) = &skill.secret else { return Ok(None) };
    let secret = sealer.open(RegisteredSkill::SECRET_PURPOSE, secret).map_err(|error| {
        tracing::error!(skill = %skill.id, %error, "the secret of a skill does not open");
        SkillFailure::Internal
    })?;
    let mut value = HeaderValue::from_bytes(&[b"Bearer ", secret.as_slice()].concat())
        .map_err(|_| SkillFailure::Internal)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// A reply that does not say what it is, is taken for JSON.
fn expect_json(headers: &HeaderMap) -> Result<(), SkillFailure> {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    if essence == "application/json" || essence == "text/json" || essence.ends_with("+json") {
        Ok(())
    } else {
        Err(malformed("its content type is not JSON"))
    }
}

/// Whether there is a `<`, which JSON may also write `\\u003c`.
fn may_hold_html(reply: &[u8]) -> bool {
    reply.contains(&b'<') || reply.windows(5).any(|window| window == b"\\u003")
}

fn parse(protocol: Protocol, reply: &[u8], max_results: usize) -> Result<Vec<ResultItem>, SkillFailure> {
    match protocol {
        Protocol::Square => square::items(reply, max_results),
        Protocol::Square2 => square2::items(reply, max_results),
    }
}
