//! The calls that are like those of OpenAI's API, for clients that speak it: docs/openai.md.

mod api_key;
mod complete_chat;
mod html;
mod list_models;
mod show_model;
mod stream;

use crate::api::State;
use square_kernel::{Asker, SkillId};
use square_routing::{LogEntry, LogEvent, SkillOutcome};
use square_skills::Listed;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(complete_chat::complete_chat)
        .service(list_models::list_models)
        .service(show_model::show_model);
}

/// The published skill that is called so or has this id.
fn published(state: &State, asker: &Asker, name: &str) -> Option<Arc<Listed>> {
    let skills = &state.services.skills;
    let by_id = name.parse::<SkillId>().ok().and_then(|id| skills.find(asker, id));
    by_id.or_else(|| skills.find_by_name(asker, name)).filter(|listed| listed.skill.published)
}

fn outcome(entry: &LogEntry) -> Option<&SkillOutcome> {
    match &entry.event {
        LogEvent::SkillResult(outcome) => Some(outcome),
        _ => None,
    }
}
