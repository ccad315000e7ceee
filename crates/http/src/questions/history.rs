use crate::Failure;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_wire::QuestionView;
use utoipa::ToSchema;

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
/// With their answers, newest first.
#[utoipa::path(tag = "questions", params(Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of them.", body = History),
))]
#[get("/questions")]
pub(crate) async fn history(
    state: Data<State>,
    caller: SignedIn,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let slice = state.services.router.history(&caller.asker, paging.page()?).await?;
    let questions = slice.items.iter().map(QuestionView::from).collect();
    let next_cursor = slice.next.map(|next| next.to_string());
    Ok(HttpResponse::Ok().json(History { questions, next_cursor }))
}
