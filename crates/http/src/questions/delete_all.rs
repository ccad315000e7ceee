use crate::Failure;
use crate::api::State;
use crate::extract::SignedIn;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many questions were deleted.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeletedQuestions {
    /// Always `true`.
    success: bool,
    /// How many.
    deleted: u64,
}

/// Delete all of one's questions
///
/// As `DELETE /question/{id}` does with one. Where it breaks off, those that are left are deleted by calling it again.
#[utoipa::path(tag = "questions", security(("token" = [])), responses(
    (status = 200, description = "Deleted.", body = DeletedQuestions),
))]
#[delete("/questions")]
pub(crate) async fn delete_questions(state: Data<State>, caller: SignedIn) -> Result<HttpResponse, Failure> {
    let deleted = state.services.router.delete_all(&caller.asker).await?;
    Ok(HttpResponse::Ok().json(DeletedQuestions { success: true, deleted }))
}
