use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use square_kernel::{FieldError, Invalid};
use square_routing::{Comment, Opinion, QuestionId, Rating};
use square_wire::{ErrorBody, Verdict};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"skill_id": "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0", "rating": "helpful", "comment": "Just what I wanted."}))]
pub(crate) struct FeedbackBody {
    /// The skill whose answer it is; may be left out where one skill alone has answered.
    #[schema(format = Uuid)]
    skill_id: Option<String>,
    /// `helpful` or `not_helpful`.
    #[schema(required)]
    rating: Option<String>,
    /// What else there is to say, at most 1000 characters. For yourself: owners of skills do not see it.
    comment: Option<String>,
}

impl FeedbackBody {
    fn opinion(&self) -> Result<Opinion, Invalid> {
        let mut invalid = Invalid::default();
        let id = |text: &str| {
            text.parse()
                .map_err(|error: square_kernel::IdSyntax| FieldError::new("skill_id", error.to_string()))
        };
        let skill = invalid.collect(self.skill_id.as_deref().map(id).transpose());
        let missing = || FieldError::new("rating", "is required");
        let rating = invalid.collect(self.rating.as_deref().ok_or_else(missing).and_then(Rating::parse));
        let comment = invalid.collect(self.comment.as_deref().map_or(Ok(None), Comment::parse));
        match (skill, rating, comment) {
            (Some(skill), Some(rating), Some(comment)) => Ok(Opinion { skill, rating, comment }),
            _ => Err(invalid),
        }
    }
}

/// What was said of an answer.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GivenFeedback {
    /// The question.
    question_id: Uuid,
    /// Whose answer it is.
    skill_id: Uuid,
    #[serde(flatten)]
    verdict: Verdict,
}

/// Say whether an answer helped
///
/// One verdict on each skill's answer; a later one takes the place of an earlier one. The asker may, and whoever knows the id where nobody signed in
/// for the question. Where an answer was helpful to somebody signed in, the question is proposed to the skill's owner as an example; the owner
/// does not hear who asked it.
#[utoipa::path(tag = "questions", params(("id" = Uuid, Path, description = "The question.")), security((), ("token" = [])), responses(
    (status = 200, description = "Stored.", body = GivenFeedback),
    (status = 404, description = "Unknown, or somebody else's.", body = ErrorBody),
    (status = 429, description = "You found so many answers helpful within the hour that you have to wait (`too_many_attempts`).", body = ErrorBody),
))]
#[post("/question/{id}/feedback")]
pub(crate) async fn give_feedback(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<QuestionId>,
    Json(body): Json<FeedbackBody>,
) -> Result<HttpResponse, Failure> {
    let verdict = state.services.feedback.give(&asker, id, body.opinion()?).await?;
    Ok(HttpResponse::Ok().json(GivenFeedback {
        question_id: id.uuid(),
        skill_id: verdict.skill.uuid(),
        verdict: Verdict::from(&verdict),
    }))
}
