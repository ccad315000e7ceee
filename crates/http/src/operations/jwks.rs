use crate::api::State;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use bytes::Bytes;

/// The public keys that access tokens are signed with
///
/// A JSON Web Key Set (RFC 7517).
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "The keys.", body = Object, content_type = "application/jwk-set+json"),
))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn jwks(state: Data<State>) -> HttpResponse {
    let kept = state.services.settings.jwks_kept.as_secs();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, format!("public, max-age={kept}")))
        .body(Bytes::copy_from_slice(state.services.accounts.jwks().as_bytes()))
}
