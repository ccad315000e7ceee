//! The client against servers on the loopback interface.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod a2a;
mod asking;
mod checking;
mod guarding;
mod hostile;
mod misbehaving;
mod openai;
mod probing;
mod signing;

use jiff::Timestamp;
use square_kernel::testing::{ManualClock, TransparentSealer};
use square_kernel::{Asker, OsRandomness, Sealed, Sealer, SkillId, SystemClock, UserId};
use square_skill_client::{Names, SkillClient, SkillClientParts, SkillClientSettings, SystemNames};
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
        first_byte_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        time_limit: Duration::from_secs(20),
        max_response_bytes: 1024 * 1024,
        allow_private_networks: true,
        ..SkillClientSettings::default()
    }
}

/// Settings for servers that never come to an end.
fn impatient() -> SkillClientSettings {
    SkillClientSettings { time_limit: Duration::from_millis(150), ..settings() }
}

fn client(settings: SkillClientSettings) -> SkillClient {
    client_with(settings, Arc::new(SystemNames::default()))
}

/// A client for which host names lead where a test says.
fn client_with(settings: SkillClientSettings, names: Arc<dyn Names>) -> SkillClient {
    let parts = SkillClientParts {
        settings,
        sealer: Arc::new(TransparentSealer),
        clock: Arc::new(ManualClock::default()),
        randomness: Arc::new(OsRandomness),
        names,
    };
    SkillClient::new(parts).unwrap()
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
        signing: None,
        model: None,
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
