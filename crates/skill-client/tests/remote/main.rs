//! The client against servers on the loopback interface.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod asking;
mod guarding;
mod misbehaving;
mod stub;

use jiff::Timestamp;
use square_kernel::testing::TransparentSealer;
use square_kernel::{Asker, OsRandomness, Sealed, Sealer, SkillId, SystemClock, UserId};
use square_skill_client::{SkillClient, SkillClientSettings};
use square_skills::{
    Protocol, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillDescription, SkillFailure, SkillName,
    SkillRequest, SkillUrl,
};
use std::sync::Arc;
use std::time::Duration;

/// Settings under which tests never wait long: generous to servers that answer.
fn settings() -> SkillClientSettings {
    SkillClientSettings {
        connect_timeout: Duration::from_secs(20),
        time_limit: Duration::from_secs(20),
        max_response_bytes: 1024 * 1024,
        allow_private_networks: true,
    }
}

/// Settings for servers that never come to an end.
fn impatient() -> SkillClientSettings {
    SkillClientSettings { time_limit: Duration::from_millis(150), ..settings() }
}

fn client(settings: SkillClientSettings) -> SkillClient {
    SkillClient::new(settings, Arc::new(TransparentSealer)).unwrap()
}

fn skill(url: &str, protocol: Protocol, secret: Option<&str>) -> RegisteredSkill {
    let seal =
        |plain: &str| -> Sealed { TransparentSealer.seal(RegisteredSkill::SECRET_PURPOSE, plain.as_bytes()) };
    RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner: UserId::new(&SystemClock, &OsRandomness),
        name: SkillName::parse("Films").unwrap(),
        description: SkillDescription::default(),
        address: SkillAddress::Remote { url: SkillUrl::parse(url).unwrap(), protocol },
        secret: secret.map(seal),
        published: true,
        samples: Arc::default(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn connect(settings: SkillClientSettings, url: &str) -> Arc<dyn Skill> {
    client(settings).connect_remote(&skill(url, Protocol::Square, None))
}

fn request() -> SkillRequest {
    SkillRequest {
        question: "Who played in \"Heat\"?".into(),
        max_results: 2,
        asker: Asker::default(),
        skill_args: None,
    }
}

async fn ask(settings: SkillClientSettings, url: &str) -> Result<Vec<ResultItem>, SkillFailure> {
    connect(settings, url).answer(&request()).await
}
