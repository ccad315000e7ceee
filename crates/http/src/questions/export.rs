use super::history::{HistoryQuery, shown};
use crate::Failure;
use crate::api::State;
use crate::extract::{Query, SignedIn};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use bytes::Bytes;
use futures::Stream;
use square_kernel::{Limit, Page};
use square_routing::{HistoryFilter, QuestionId};
use square_wire::{Fault, QuestionView};

/// So many questions are read at a time, since their answers may be large.
const QUESTIONS: u16 = 20;

/// One's own questions as a file
///
/// One JSON object a line, newest first, all that `GET /questions` would give page by page. Where something fails on the way, the reply
/// breaks off.
#[utoipa::path(tag = "questions", params(HistoryQuery), security(("token" = [])), responses(
    (status = 200, description = "All of them.", body = QuestionView, content_type = "application/x-ndjson"),
))]
#[get("/questions/export")]
pub(crate) async fn export_questions(
    state: Data<State>,
    caller: SignedIn,
    Query(query): Query<HistoryQuery>,
) -> Result<HttpResponse, Failure> {
    let export = Export { state, caller, filter: query.filter()?, next: Some(None) };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"square-questions.jsonl\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(export.stream()))
}

/// Questions that are read as the client takes them, so that no amount of them is in memory at once.
#[expect(clippy::option_option, reason = "the end is not the beginning, behind no question")]
struct Export {
    state: Data<State>,
    caller: SignedIn,
    filter: HistoryFilter,
    /// Behind which question to go on; `None` at the end.
    next: Option<Option<QuestionId>>,
}

impl Export {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Fault>> {
        futures::stream::try_unfold(self, |export| async move {
            // The status has gone out already, so the client sees that the reply breaks off.
            export.part().await.map_err(|Failure(fault)| fault)
        })
    }

    /// Some lines; never empty, since an empty piece would end the response.
    async fn part(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        while let Some(after) = self.next {
            let page = Page { limit: Limit::new(QUESTIONS).unwrap_or_default(), after };
            let router = &self.state.services.router;
            let slice = router.history(&self.caller.asker, &self.filter, page).await?;
            self.next = slice.next.map(Some);
            if !slice.items.is_empty() {
                let lines = lines(&shown(&self.state, &slice.items).await?)?;
                return Ok(Some((lines, self)));
            }
        }
        Ok(None)
    }
}

fn lines(questions: &[QuestionView]) -> Result<Bytes, Failure> {
    let mut lines = Vec::new();
    for question in questions {
        serde_json::to_writer(&mut lines, question).map_err(|error| {
            tracing::error!(%error, "a question cannot be written");
            Failure(Fault::internal())
        })?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
