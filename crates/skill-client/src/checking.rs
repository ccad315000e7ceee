//! What the check of a skill says, in words for its owner.

use crate::client::SkillClient;
use crate::trail::Trail;
use square_kernel::Asker;
use square_skills::ports::AddressGuard;
use square_skills::{
    CheckReport, CheckStage, CheckStep, Protocol, RegisteredSkill, ResultItem, SkillAddress, SkillFailure,
    SkillRequest,
};

/// What is asked when only that matters which comes back.
pub(crate) const QUESTION: &str = "Is anybody there?";

/// The question of a check.
pub(crate) fn question() -> SkillRequest {
    SkillRequest { question: QUESTION.into(), max_results: 3, asker: Asker::default(), skill_args: None }
}

/// The report on a skill whose address may not be called; `None` where it may.
pub(crate) async fn refused(client: &SkillClient, skill: &RegisteredSkill) -> Option<CheckReport> {
    let SkillAddress::Remote { url, .. } = &skill.address else { return None };
    let refusal = AddressGuard::check(client, url).await.err()?;
    let message = format!("The address {}.", refusal.message);
    let steps = vec![CheckStep { stage: CheckStage::Address, passed: false, message }];
    Some(CheckReport { steps, results: Vec::new() })
}

/// The report on a skill that was asked.
pub(crate) fn report(
    skill: &RegisteredSkill,
    answer: Result<Vec<ResultItem>, SkillFailure>,
    trail: &Trail,
) -> CheckReport {
    let secure = skill.address.url().starts_with("https:");
    let failed = answer.as_ref().err().map(|failure| (stage(failure, trail), failure));
    let mut steps = Vec::new();
    for stage in CheckStage::ALL {
        if stage == CheckStage::Tls && !secure {
            continue;
        }
        match failed {
            Some((at, failure)) if at == stage => {
                steps.push(CheckStep { stage, passed: false, message: told(skill, stage, failure) });
                break;
            }
            _ => steps.push(CheckStep { stage, passed: true, message: good(stage).to_owned() }),
        }
    }
    CheckReport { steps, results: answer.unwrap_or_default() }
}

/// Where a failure happened: some tell by themselves, of the others it is known how far the skill had come.
fn stage(failure: &SkillFailure, trail: &Trail) -> CheckStage {
    match failure {
        SkillFailure::AddressNotAllowed | SkillFailure::UnknownHost => CheckStage::Address,
        SkillFailure::Unreachable => CheckStage::Connect,
        SkillFailure::Tls => CheckStage::Tls,
        SkillFailure::NoFirstByte(_) | SkillFailure::Status(_) => CheckStage::Status,
        SkillFailure::TooLarge(_) | SkillFailure::Idle(_) => CheckStage::Body,
        // Somebody was there, so it lies with what was said.
        _ => trail.next().unwrap_or(CheckStage::Shape).max(CheckStage::Status),
    }
}

fn good(stage: CheckStage) -> &'static str {
    match stage {
        CheckStage::Address => "The host is known and may be called.",
        CheckStage::Connect => "The skill takes connections.",
        CheckStage::Tls => "The connection is secure.",
        CheckStage::Status => "The skill answers with a status of success.",
        CheckStage::ContentType => "The answer says that it is what the protocol asks for.",
        CheckStage::Body => "The answer comes whole, in time and within the limits.",
        CheckStage::Json => "The answer is JSON.",
        CheckStage::Shape => "The answer has the fields that the protocol asks for.",
    }
}

/// A failure, with what may be behind it.
fn told(skill: &RegisteredSkill, stage: CheckStage, failure: &SkillFailure) -> String {
    let mut told = failure.to_string();
    if let Some(first) = told.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match hint(skill, stage, failure) {
        Some(hint) => format!("{told}. {hint}"),
        None => format!("{told}."),
    }
}

fn hint(skill: &RegisteredSkill, stage: CheckStage, failure: &SkillFailure) -> Option<String> {
    let SkillAddress::Remote { url, protocol } = &skill.address else { return None };
    let place = match protocol {
        Protocol::Square | Protocol::Square2 => "/query",
        Protocol::OpenAi => "/chat/completions",
        Protocol::A2a => "/.well-known/agent-card.json, and what the card names,",
    };
    Some(match (stage, failure) {
        (_, SkillFailure::Status(401 | 403)) => {
            "It wants a bearer token, or another one: set the skill's secret.".to_owned()
        }
        (_, SkillFailure::Status(404 | 405)) => {
            format!("With the protocol {} it is called at {}{place}.", protocol.as_str(), url.as_str())
        }
        (_, SkillFailure::Status(300..400)) => {
            "Redirects are not followed: register the address that it leads to.".to_owned()
        }
        (_, SkillFailure::Status(400 | 415 | 422)) => {
            format!("It does not take what the protocol {} sends; does it speak another?", protocol.as_str())
        }
        (CheckStage::Connect, _) => "Is it running, and does its port let connections in?".to_owned(),
        (CheckStage::Tls, _) => {
            "Its certificate must be valid for the host and come from a public authority.".to_owned()
        }
        (CheckStage::ContentType, _) => match protocol {
            Protocol::OpenAi => "It must be text/event-stream or application/json.".to_owned(),
            _ => "It must be application/json.".to_owned(),
        },
        (CheckStage::Shape, SkillFailure::Malformed(_)) => {
            format!("This is where the answer differs from the protocol {}.", protocol.as_str())
        }
        _ => return None,
    })
}
