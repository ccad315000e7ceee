use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Ratings};

/// How often a skill's answers helped
///
/// Who said so, and of which question, is not told.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "How often.", body = Ratings),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
))]
#[get("/skill/{id}/feedback")]
pub(crate) async fn show_ratings(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let ratings = state.services.proposals.ratings(&caller.asker, id).await?;
    Ok(HttpResponse::Ok().json(Ratings::new(id, ratings)))
}
