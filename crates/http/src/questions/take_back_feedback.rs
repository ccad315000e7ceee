use crate::Failure;
use crate::accounts::Done;
use crate::api::State;
use crate::extract::{Caller, Id, Under};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_kernel::SkillId;
use square_routing::QuestionId;
use square_wire::ErrorBody;

/// Take back what was said of an answer
///
/// The question is no longer proposed as an example, unless the skill's owner has decided already.
#[utoipa::path(tag = "questions", security((), ("token" = [])), params(
    ("id" = Uuid, Path, description = "The question."),
    ("skill" = Uuid, Path, description = "The skill whose answer it is."),
), responses(
    (status = 200, description = "Forgotten.", body = Done),
    (status = 404, description = "The question is unknown or somebody else's, or nothing was said of this answer.", body = ErrorBody),
))]
#[delete("/question/{id}/feedback/{skill}")]
pub(crate) async fn take_back_feedback(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
    Under(skill): Under<SkillId>,
) -> Result<HttpResponse, Failure> {
    state.services.feedback.take_back(&asker, id, skill).await?;
    Ok(HttpResponse::Ok().json(Done::new("The verdict is forgotten.")))
}
