use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Fault, Training};

/// How the newest training of a skill stands
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "The training.", body = Training),
    (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
    (status = 404, description = "The skill is unknown or not yours to see, or has no training.", body = ErrorBody),
))]
#[get("/skill/{id}/training")]
pub(crate) async fn show_training(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let training = state.services.skills.training(&caller.asker, id).await?;
    let (record, done) = training.ok_or_else(|| Failure(Fault::not_found("training")))?;
    Ok(HttpResponse::Ok().json(Training::new(&record, done)))
}
