use super::stream::stream;
use super::{FALLBACK_FROM, QUESTION_ID};
use crate::api::State;
use crate::extract::{Caller, Json, Query, number};
use crate::{Failure, RequestId, preferences};
use actix_web::http::header::{ACCEPT, HeaderName, HeaderValue, LOCATION};
use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use square_kernel::Invalid;
use square_routing::{AnsweredQuestion, QuestionRecord};
use square_wire::{ErrorBody, EventFilter, QuestionRequest, QuestionView, SkillAnswer, StreamEvent};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskQuery {
    /// How many milliseconds the question may take, 1 to 60000; 10000 where it is missing. What has been
    /// answered by then is returned, each missing skill with an `error`.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 60000)]
    deadline_ms: Option<String>,
    /// `1` puts the answers into an object that tells about the question as well.
    #[param(value_type = Option<u8>)]
    envelope: Option<String>,
    /// Which events a stream brings: `results` (the default: `skill_result` for each skill, then `finished`), or `all`.
    #[param(value_type = Option<String>)]
    events: Option<String>,
}

/// What comes back when all is answered.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Answers {
    /// Best skill first.
    Bare(Vec<SkillAnswer>),
    /// With `envelope=1`.
    Envelope(Box<QuestionView>),
}

/// Ask
///
/// The best fitting skills are asked at once. The reply comes when all have answered or the deadline has
/// passed: an array, best skill first; with `envelope=1` an object (`QuestionView`). With
/// `Accept: text/event-stream` each answer comes as an event as soon as it is there.
///
/// When whoever asked and everybody else who watched it has gone, the question goes on for a while and is then cancelled. With
/// `Prefer: respond-async` it is not: the reply is a 202 at once, and the answers are found at its `Location`.
#[utoipa::path(tag = "questions", params(
    AskQuery,
    ("Prefer" = Option<String>, Header, description = "`respond-async`: do not wait for answers, and never cancel."),
), request_body = QuestionRequest, security((), ("token" = [])), responses(
    (
        status = 200,
        description = "The answers.",
        content(
            (Answers = "application/json"),
            (StreamEvent = "text/event-stream"),
        ),
        headers(
            ("X-Question-Id" = String, description = "Names the question."),
            ("X-Fallback-From" = String, description = "Names the selector that was to choose and could not, where another one did."),
        ),
    ),
    (status = 202, description = "Taken, with `Prefer: respond-async`.", body = QuestionView, headers(
        ("Location" = String, description = "Where the answers will be."),
        ("X-Fallback-From" = String, description = "Names the selector that was to choose and could not, where another one did."),
        ("X-Question-Id" = String, description = "Names the question."),
    )),
    (status = 401, description = "A bad token, or none where the server wants one.", body = ErrorBody),
    (status = 429, description = "You ask too often (`too_many_questions`), or have as many questions under way as you may (`too_many_requests`).", body = ErrorBody),
))]
#[post("/question")]
pub(crate) async fn ask(
    request: HttpRequest,
    state: Data<State>,
    id: ReqData<RequestId>,
    Caller(asker): Caller,
    Query(query): Query<AskQuery>,
    Json(body): Json<Value>,
) -> Result<HttpResponse, Failure> {
    let settings = &state.services.settings;
    let mut invalid = Invalid::default();
    let deadline_ms = invalid.collect(number("deadline_ms", query.deadline_ms.as_deref()));
    let filter = invalid.collect(EventFilter::parse("events", query.events.as_deref()));
    let (Some(deadline_ms), Some(filter)) = (deadline_ms, filter) else { return Err(invalid.into()) };
    let mut question = QuestionRequest::read(body).map_err(Failure)?.question(deadline_ms)?;
    question.unattended = preferences::respond_async(request.headers());
    let unattended = question.unattended;
    let taken = state.services.router.ask(&asker, question).await?;
    let fallback_from = fallback_from(&taken.record);
    if unattended {
        let mut response = accepted(&taken.record, &settings.base_path);
        if let Some((name, value)) = fallback_from {
            response.headers_mut().insert(name, value);
        }
        return Ok(response);
    }
    if wants_events(&request) {
        let mut response = stream(taken.answers, filter, id.into_inner(), settings);
        if let Some((name, value)) = fallback_from {
            response.headers_mut().insert(name, value);
        }
        return Ok(response);
    }
    let view = QuestionView::from(&taken.answers.all().await?);
    let mut response = HttpResponse::Ok();
    response.insert_header((QUESTION_ID, view.question_id.to_string()));
    if let Some(fallback_from) = fallback_from {
        response.insert_header(fallback_from);
    }
    let bare = !query.envelope.is_some_and(|value| matches!(value.as_str(), "1" | "true"));
    Ok(response.json(if bare { Answers::Bare(view.results) } else { Answers::Envelope(Box::new(view)) }))
}

/// The header that names the selector that could not choose, where another one did.
pub(crate) fn fallback_from(record: &QuestionRecord) -> Option<(HeaderName, HeaderValue)> {
    let from = record.choice.fallback_from.as_ref()?;
    Some((HeaderName::from_static(FALLBACK_FROM), HeaderValue::from_str(&from.selector).ok()?))
}

/// The question goes on by itself.
fn accepted(record: &QuestionRecord, base_path: &str) -> HttpResponse {
    let question = AnsweredQuestion { question: record.clone(), entries: Vec::new() };
    HttpResponse::Accepted()
        .insert_header((QUESTION_ID, record.id.to_string()))
        .insert_header((LOCATION, format!("{base_path}/question/{}", record.id)))
        .insert_header(("preference-applied", "respond-async"))
        .json(QuestionView::from(&question))
}

fn wants_events(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/event-stream")
    })
}
