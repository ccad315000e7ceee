use super::api_key::ApiKey;
use super::html::{holds_html, worked_on};
use super::stream::stream;
use super::{outcome, published};
use crate::Failure;
use crate::api::State;
use crate::extract::{Json, Query, number};
use crate::questions::{QUESTION_ID, fallback_from};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use serde_json::Value;
use square_kernel::{Asker, Unavailable};
use square_routing::{AnswerStream, AskError, LogEntry, SkillRef};
use square_wire::Fault;
use square_wire::openai::{
    Addressee, Chat, ChatChunk, ChatCompletion, ChatRequest, ChatStreamOpening, Model, OpenAiErrorBody,
};
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatQuery {
    /// How many milliseconds the question may take, 1 to 60000; 60000 where it is missing.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 60000)]
    deadline_ms: Option<String>,
}

/// Complete a chat
///
/// The last message of the user is the question; what stands before it and around it is passed over, since skills are asked single
/// questions. `model` says who answers: `square` has the `n` best fitting skills asked, a skill's name or id asks that one.
/// With `stream` the answers come as they grow, as Server-Sent Events of `ChatChunk`s and `[DONE]` at the end. Where no
/// skill fits, that is what the answer says, in `content` and in `refusal`. In the shape of OpenAI's API.
#[utoipa::path(tag = "openai", params(ChatQuery), request_body = ChatRequest, security((), ("token" = [])), responses(
    (
        status = 200,
        description = "The answers.",
        content(
            (ChatCompletion = "application/json"),
            (ChatChunk = "text/event-stream"),
        ),
        headers(
            ("X-Question-Id" = String, description = "Names the question."),
            ("X-Fallback-From" = String, description = "Names the selector that was to choose and could not, where another one did."),
        ),
    ),
    (status = 404, description = "`model_not_found`: there is no published skill called so.", body = OpenAiErrorBody),
    (status = 429, description = "`too_many_questions`, `too_many_requests`: asked too often, or too many questions under way.", body = OpenAiErrorBody),
    (status = 502, description = "All skills that were asked have failed.", body = OpenAiErrorBody),
    (status = 504, description = "All skills that were asked took too long.", body = OpenAiErrorBody),
))]
#[post("/chat/completions")]
pub(crate) async fn complete_chat(
    state: Data<State>,
    ApiKey(asker): ApiKey,
    Query(query): Query<ChatQuery>,
    Json(body): Json<Value>,
) -> Result<HttpResponse, Failure> {
    let deadline_ms = number("deadline_ms", query.deadline_ms.as_deref());
    let deadline_ms = deadline_ms.map_err(|error| Failure(Fault::unusable_parameters(&error.into())))?;
    let chat = ChatRequest::read(body).map_err(Failure)?.parse(deadline_ms);
    let chat = chat.map_err(|invalid| Failure(Fault::unusable_parameters(&invalid)))?;
    let (model, skill) = addressed(&state, &asker, &chat)?;
    let taken = state.services.router.ask(&asker, chat.question(skill)).await;
    let taken = taken.map_err(|error| Failure(refused(&error, &chat.model)))?;
    let fallback_from = fallback_from(&taken.record);
    let wanted = usize::from(chat.n.get());
    if chat.stream {
        let opening = ChatStreamOpening { model, wanted, include_usage: chat.include_usage };
        let mut response = stream(taken.answers, opening, &state.services.settings);
        if let Some((name, value)) = fallback_from {
            response.headers_mut().insert(name, value);
        }
        return Ok(response);
    }
    let entries = until_enough(taken.answers, wanted).await?;
    let html = entries.iter().filter_map(|entry| outcome(entry)).any(holds_html);
    let record = Arc::clone(&taken.record);
    let completion = worked_on(html, move || {
        let outcomes = entries.iter().filter_map(|entry| outcome(entry)).collect();
        ChatCompletion::of(&record, &model, outcomes, wanted)
    });
    let completion = completion.await?.map_err(Failure)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((QUESTION_ID, taken.record.id.to_string()));
    if let Some(fallback_from) = fallback_from {
        response.insert_header(fallback_from);
    }
    Ok(response.json(completion))
}

/// What the answers call the model, and the skill that it is, unless it is the one that has skills chosen.
fn addressed(state: &State, asker: &Asker, chat: &Chat) -> Result<(String, Option<SkillRef>), Failure> {
    if chat.addressee == Addressee::Routed {
        return Ok((Model::routing().id, None));
    }
    let listed = published(state, asker, &chat.model);
    let listed = listed.ok_or_else(|| Failure(Fault::model_not_found(&chat.model)))?;
    Ok((Model::of(&listed).id, Some(SkillRef::Id(listed.skill.id))))
}

/// Why a question was not taken. What it could name wrongly is the skill alone, if that has gone a moment ago.
fn refused(error: &AskError, model: &str) -> Fault {
    match error {
        AskError::Invalid(_) => Fault::model_not_found(model),
        AskError::Selector(_)
        | AskError::SignInRequired
        | AskError::TooMany(_)
        | AskError::TooManyAtOnce(_)
        | AskError::Unavailable(_) => Fault::from(error),
    }
}

/// The log until as many have answered as are wanted, or to its end. A skill that was asked beside a slow one makes them enough
/// before all have come.
async fn until_enough(mut answers: AnswerStream, wanted: usize) -> Result<Vec<Arc<LogEntry>>, Unavailable> {
    let (mut entries, mut answered) = (Vec::new(), 0);
    while answered < wanted
        && let Some(entry) = answers.next().await?
    {
        answered += usize::from(outcome(&entry).is_some_and(|outcome| outcome.answer.is_ok()));
        entries.push(entry);
    }
    Ok(entries)
}
