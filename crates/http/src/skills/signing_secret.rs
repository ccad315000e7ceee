use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use square_kernel::SkillId;
use square_wire::{ErrorBody, SigningSecret};

/// Get a new key to verify calls with
///
/// Calls to a skill are signed as Standard Webhooks say. This makes a new key for one's own skill, which is used from now
/// on, and shows it this once; the one before is no longer used.
#[utoipa::path(tag = "skills", params(("id" = Uuid, Path, description = "The skill.")), security(("token" = [])), responses(
    (status = 200, description = "The key.", body = SigningSecret),
    (status = 403, description = "It is somebody else's.", body = ErrorBody),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
    (status = 422, description = "It is built in, so no calls are made to it.", body = ErrorBody),
))]
#[post("/skill/{id}/signing_secret")]
pub(crate) async fn rotate_signing_secret(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
) -> Result<HttpResponse, Failure> {
    let key = state.services.skills.rotate_signing_key(&caller.asker, id).await?;
    let shown = SigningSecret { signing_secret: format!("whsec_{}", STANDARD.encode(key.bytes())) };
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(HttpResponse::Ok().insert_header(no_store).json(shown))
}
