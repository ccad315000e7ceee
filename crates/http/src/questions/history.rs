use crate::Failure;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn, moment};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_kernel::{FieldError, Invalid, SearchText, SkillId};
use square_routing::{AnsweredQuestion, HistoryFilter};
use square_wire::QuestionView;
use utoipa::{IntoParams, ToSchema};

/// Which questions are wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Those asked at this moment or later, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Those asked before this moment, RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Those with this in their text, in any case; 1 to 200 characters.
    text: Option<String>,
    /// Those that this skill answered, or failed to.
    #[param(value_type = Option<Uuid>)]
    skill: Option<String>,
}

impl HistoryQuery {
    pub(super) fn filter(&self) -> Result<HistoryFilter, Invalid> {
        let mut invalid = Invalid::default();
        let from = invalid.collect(moment("from", self.from.as_deref()));
        let until = invalid.collect(moment("until", self.until.as_deref()));
        let text = self.text.as_deref().map(|text| SearchText::parse("text", text)).transpose();
        let text = invalid.collect(text);
        let id =
            |text: &str| text.parse::<SkillId>().map_err(|error| FieldError::new("skill", error.to_string()));
        let skill = invalid.collect(self.skill.as_deref().map(id).transpose());
        match (from, until, text, skill) {
            (Some(from), Some(until), Some(text), Some(skill)) => {
                Ok(HistoryFilter { from, until, text, skill })
            }
            _ => Err(invalid),
        }
    }
}

/// One page of one's questions.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct History {
    /// The questions, newest first.
    questions: Vec<QuestionView>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// One's own questions
///
/// With their answers and what one said of them, newest first. With `text` or `skill` a page may hold fewer than `limit`, or none, while
/// there are more: go on for as long as there is a `next_cursor`.
#[utoipa::path(tag = "questions", params(HistoryQuery, Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of them.", body = History),
))]
#[get("/questions")]
pub(crate) async fn history(
    state: Data<State>,
    caller: SignedIn,
    Query(query): Query<HistoryQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter()?, paging.page()?);
    let slice = state.services.router.history(&caller.asker, &filter, page).await?;
    let questions = shown(&state, &slice.items).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    Ok(HttpResponse::Ok().json(History { questions, next_cursor }))
}

/// Questions with what their asker said of the answers.
pub(crate) async fn shown(
    state: &State,
    questions: &[AnsweredQuestion],
) -> Result<Vec<QuestionView>, Failure> {
    let verdicts = state.services.feedback.on(questions).await?;
    let shown = questions.iter().zip(&verdicts);
    Ok(shown.map(|(question, verdicts)| QuestionView::from(question).with_verdicts(verdicts)).collect())
}
