use crate::Failure;
use crate::accounts::Done;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_routing::QuestionId;
use square_wire::ErrorBody;

/// Delete a question
///
/// With its answers, what was said of them, and proposals of examples that rest on it alone. One under way is ended first. A question
/// asked without a token may be deleted by whoever knows its id, any other only by who asked. What the owner of a skill has taken as an
/// example stays one.
#[utoipa::path(tag = "questions", params(("id" = Uuid, Path, description = "The question.")), security((), ("token" = [])), responses(
    (status = 200, description = "Deleted.", body = Done),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
))]
#[delete("/question/{id}")]
pub(crate) async fn delete_question(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
) -> Result<HttpResponse, Failure> {
    state.services.router.delete(&asker, id).await?;
    Ok(HttpResponse::Ok().json(Done::new("The question is deleted.")))
}
