use crate::a2a;
use crate::client::{Parts, SkillClient};
use crate::remote::{RemoteSkill, bearer, below, cards};
use crate::reply::read;
use crate::trail::Trail;
use crate::transport::{Call, Limits, Transport};
use crate::{checking, openai, square2};
use async_trait::async_trait;
use serde_json::{Value, json as value};
use square_kernel::Secret;
use square_skills::ports::SkillProber;
use square_skills::{CheckReport, Protocol, RegisteredSkill, SkillFailure, SkillUrl, Unheard};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// How long finding out a protocol may take: somebody waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Who has not begun to answer by then is not asked any more.
const FIRST_BYTE: Duration = Duration::from_millis(1500);
/// The largest reply that is looked at.
const MAX_BYTES: u64 = 256 * 1024;

#[async_trait]
impl SkillProber for SkillClient {
    async fn detect(&self, url: &SkillUrl, secret: Option<&Secret>) -> Option<Protocol> {
        let probe = Probe::new(&self.parts, url, secret).ok()?;
        timeout(TIME_LIMIT.min(self.parts.settings.time_limit), probe.run()).await.ok().flatten()
    }

    async fn inspect(&self, skill: &RegisteredSkill) -> CheckReport {
        if let Some(refused) = checking::refused(self, skill).await {
            return refused;
        }
        let trail = Trail::default();
        let answer = match RemoteSkill::new(&self.parts, skill) {
            Ok(remote) => remote.ask(&checking::question(), &Unheard, &trail).await,
            Err(failure) => Err(failure),
        };
        checking::report(skill, answer, &trail)
    }
}

/// Finds out which protocol is spoken at one address.
struct Probe<'a> {
    transport: Transport,
    url: &'a SkillUrl,
}

impl<'a> Probe<'a> {
    fn new(parts: &Parts, url: &'a SkillUrl, secret: Option<&Secret>) -> Result<Self, SkillFailure> {
        let home = below(url, "")?;
        parts.allowed(&home)?;
        let authorization = secret.map(|secret| bearer(secret.expose().as_bytes())).transpose()?;
        let mut transport = parts.transport(home, authorization, None);
        transport.limits = Limits {
            bytes: MAX_BYTES.min(transport.limits.bytes),
            first_byte: FIRST_BYTE.min(transport.limits.first_byte),
            ..transport.limits
        };
        Ok(Self { transport, url })
    }

    /// What only needs to be looked at comes before what has to be asked. An address where nobody can be reached is not
    /// tried again and again.
    async fn run(&self) -> Option<Protocol> {
        for place in cards(self.url).ok()? {
            match self.get(&place).await {
                Ok(reply) if a2a::is_card(&place, reply.clone()) => return Some(Protocol::A2a),
                Err(failure) if is_out_of_reach(&failure) => return None,
                _ => {}
            }
        }
        let models = self.get(&below(self.url, "models").ok()?).await;
        if models.is_ok_and(|reply| openai::is_list_of_models(&reply)) {
            return Some(Protocol::OpenAi);
        }
        self.queried().await
    }

    /// Both protocols are asked at the same place. Most skills overlook what they do not know, so one question with the
    /// fields of both will do; for the others there is one of each.
    async fn queried(&self) -> Option<Protocol> {
        let query = below(self.url, "query").ok()?;
        let one = value!({"question": checking::QUESTION, "options": {"maxResults": 1}});
        let two = value!({"query": checking::QUESTION, "skill_args": {}, "num_results": 1});
        let mut both = one.clone();
        both.as_object_mut()?.extend(two.as_object()?.clone());
        for body in [both, one, two] {
            match self.post(&query, &body).await {
                Ok(Value::Array(_)) => return Some(Protocol::Square),
                Ok(reply) if square2::is_reply(&reply) => return Some(Protocol::Square2),
                Err(failure) if is_out_of_reach(&failure) => return None,
                _ => {}
            }
        }
        None
    }

    async fn get(&self, url: &Url) -> Result<Value, SkillFailure> {
        read(self.transport.json(Call::get(url), &Trail::default()).await?).await
    }

    async fn post(&self, url: &Url, body: &Value) -> Result<Value, SkillFailure> {
        let call = Call::post(url, body.to_string().into_bytes());
        read(self.transport.json(call, &Trail::default()).await?).await
    }
}

fn is_out_of_reach(failure: &SkillFailure) -> bool {
    matches!(
        failure,
        SkillFailure::AddressNotAllowed
            | SkillFailure::UnknownHost
            | SkillFailure::Unreachable
            | SkillFailure::Tls
            | SkillFailure::NoFirstByte(_)
    )
}
