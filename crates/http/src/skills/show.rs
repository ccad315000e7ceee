use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Id};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_kernel::SkillId;
use square_wire::{ErrorBody, Fault, Skill};

/// One skill
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security((), ("token" = [])), responses(
    (status = 200, description = "The skill.", body = Skill),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
))]
#[get("/skill/{id}")]
pub(crate) async fn show_skill(
    state: Data<State>,
    Caller(asker): Caller,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let listed = state.services.skills.find(&asker, id);
    let listed = listed.ok_or_else(|| Failure(Fault::not_found("skill")))?;
    Ok(HttpResponse::Ok().json(view(&listed)))
}
