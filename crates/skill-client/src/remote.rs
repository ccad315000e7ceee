use crate::a2a::{Agent, CARD};
use crate::client::Parts;
use crate::openai::OpenAi;
use crate::reply::{json, worked_on};
use crate::signing::Signer;
use crate::trail::Trail;
use crate::transport::{Call, Transport};
use crate::{square, square2};
use async_trait::async_trait;
use http::HeaderValue;
use square_kernel::SkillId;
use square_skills::{
    CheckStage, DeltaSink, Protocol, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillFailure,
    SkillRequest, SkillUrl, Unheard,
};
use tokio::time::timeout;
use url::Url;

/// A service behind a URL.
pub(crate) struct RemoteSkill {
    transport: Transport,
    dialect: Dialect,
}

/// What a skill's protocol needs to know.
enum Dialect {
    Square { query: Url, ping: Url },
    Square2 { id: SkillId, query: Url, ping: Url, heartbeat: Url },
    OpenAi(OpenAi),
    A2a(Agent),
}

/// A skill that cannot be asked at all.
pub(crate) struct Unusable(pub(crate) SkillFailure);

impl RemoteSkill {
    /// Fails as every question would.
    pub(crate) fn new(parts: &Parts, skill: &RegisteredSkill) -> Result<Self, SkillFailure> {
        let SkillAddress::Remote { url, protocol } = &skill.address else {
            return Err(SkillFailure::Internal);
        };
        let home = below(url, "")?;
        parts.allowed(&home)?;
        let transport = parts.transport(home, authorization(parts, skill)?, signer(parts, skill));
        Ok(Self { transport, dialect: Dialect::new(parts, skill, url, *protocol)? })
    }

    /// Asks a question, within all limits but those of what stands before it.
    pub(crate) async fn ask(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
        trail: &Trail,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let asking = self.dialect.ask(&self.transport, request, deltas, trail);
        timeout(self.transport.limits.whole, asking).await.unwrap_or(Err(SkillFailure::TimedOut))
    }
}

impl Dialect {
    fn new(
        parts: &Parts,
        skill: &RegisteredSkill,
        url: &SkillUrl,
        protocol: Protocol,
    ) -> Result<Self, SkillFailure> {
        let (query, ping) = (below(url, "query")?, below(url, "ping")?);
        Ok(match protocol {
            Protocol::Square => Self::Square { query, ping },
            Protocol::Square2 => {
                Self::Square2 { id: skill.id, query, ping, heartbeat: below(url, "health/heartbeat")? }
            }
            Protocol::OpenAi => {
                let (completions, models) = (below(url, "chat/completions")?, below(url, "models")?);
                Self::OpenAi(OpenAi::new(completions, models, skill.model.as_ref()))
            }
            Protocol::A2a => {
                Self::A2a(Agent::new(cards(url)?, parts.clock.clone(), parts.randomness.clone()))
            }
        })
    }

    async fn ask(
        &self,
        transport: &Transport,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
        trail: &Trail,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        match self {
            Self::Square { query, .. } => {
                let call = Call::post(query, square::query(request)?);
                exchange(transport, call, square::items, request, trail).await
            }
            Self::Square2 { id, query, .. } => {
                let call = Call::post(query, square2::query(*id, request)?);
                exchange(transport, call, square2::items, request, trail).await
            }
            Self::OpenAi(server) => server.answer(transport, request, deltas, trail).await,
            Self::A2a(agent) => agent.answer(transport, request, trail).await,
        }
    }

    async fn ping(&self, transport: &Transport) -> Result<(), SkillFailure> {
        let get = async |url| transport.send(Call::get(url), &Trail::default()).await.map(drop);
        match self {
            Self::Square { ping, .. } => get(ping).await,
            // Skills made for SQuARE have a heartbeat instead.
            Self::Square2 { ping, heartbeat, .. } => match get(ping).await {
                Err(SkillFailure::Status(404 | 405)) => get(heartbeat).await,
                answered => answered,
            },
            Self::OpenAi(server) => server.ping(transport).await,
            Self::A2a(agent) => agent.ping(transport).await,
        }
    }
}

type Parser = fn(&[u8], usize) -> Result<Vec<ResultItem>, SkillFailure>;

/// A call that is answered by one JSON document.
async fn exchange(
    transport: &Transport,
    call: Call,
    parse: Parser,
    request: &SkillRequest,
    trail: &Trail,
) -> Result<Vec<ResultItem>, SkillFailure> {
    let reply = transport.json(call, trail).await?;
    let max_results = usize::from(request.max_results);
    let parsed = worked_on(reply, move |reply| Parsed::of(reply, parse, max_results)).await?;
    if parsed.is_json {
        trail.passed(CheckStage::Json);
    }
    let items = parsed.items?;
    trail.passed(CheckStage::Shape);
    Ok(items)
}

struct Parsed {
    is_json: bool,
    items: Result<Vec<ResultItem>, SkillFailure>,
}

impl Parsed {
    fn of(reply: &[u8], parse: Parser, max_results: usize) -> Self {
        let items = parse(reply, max_results);
        // Only who is checked needs to know which of the two it was; the path of a good answer stays short.
        let is_json = items.is_ok() || json(reply).is_ok();
        Self { is_json, items }
    }
}

#[async_trait]
impl Skill for RemoteSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        self.answer_in_parts(request, &Unheard).await
    }

    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        self.ask(request, deltas, &Trail::default()).await
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        let ping = self.dialect.ping(&self.transport);
        timeout(self.transport.limits.whole, ping).await.unwrap_or(Err(SkillFailure::TimedOut))
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

/// A URL below that of a skill.
pub(crate) fn below(url: &SkillUrl, path: &str) -> Result<Url, SkillFailure> {
    Url::parse(&format!("{}/{path}", url.as_str())).map_err(|_| SkillFailure::Internal)
}

/// Where the card of an agent may stand: below its address, as libraries look for it, or at the root of its host, as
/// the specification says. At the root it is asked for without the skill's secret, which is no business of who may share
/// the host.
pub(crate) fn cards(url: &SkillUrl) -> Result<Vec<Url>, SkillFailure> {
    let nearest = below(url, CARD)?;
    let root = nearest.join(&format!("/{CARD}")).map_err(|_| SkillFailure::Internal)?;
    Ok(if root == nearest { vec![nearest] } else { vec![nearest, root] })
}

/// The header that shows a bearer token.
pub(crate) fn bearer(secret: &[u8]) -> Result<HeaderValue, SkillFailure> {
    let value = HeaderValue::from_bytes(&[b"Bearer ", secret].concat());
    let mut value = value.map_err(|_| SkillFailure::Internal)?;
    value.set_sensitive(true);
    Ok(value)
}

fn authorization(parts: &Parts, skill: &RegisteredSkill) -> Result<Option<HeaderValue>, SkillFailure> {
    let Some(secret) = &skill.secret else { return Ok(None) };
    let secret = parts.sealer.open(RegisteredSkill::SECRET_PURPOSE, secret).map_err(|error| {
        tracing::error!(skill = %skill.id, %error, "the secret of a skill does not open");
        SkillFailure::Internal
    })?;
    bearer(&secret).map(Some)
}

/// A skill whose key cannot be opened is called without a signature: whether that will do is the skill's to say.
fn signer(parts: &Parts, skill: &RegisteredSkill) -> Option<Signer> {
    match parts.sealer.open(RegisteredSkill::SIGNING_PURPOSE, skill.signing.as_ref()?) {
        Ok(key) => Some(Signer::new(&key, parts.clock.clone(), parts.randomness.clone())),
        Err(error) => {
            tracing::warn!(skill = %skill.id, %error, "calls to a skill cannot be signed");
            None
        }
    }
}
