//! The calls on signing in by a provider.

mod begin;
mod confirm_link;
mod facebook;
mod github;
mod google;
mod linkedin;
mod reply;
mod responses;
mod unlink;
mod ways_in;

use crate::Failure;
use crate::api::State;
use crate::extract::Entrance;
use actix_web::HttpResponse;
use square_accounts::ports::identity::Proof;
use square_accounts::{MailToken, Provider, SocialRequest};
use square_kernel::{Asker, FieldError, Secret};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(github::sign_in_by_github)
        .service(linkedin::sign_in_by_linkedin)
        .service(google::sign_in_by_google)
        .service(facebook::sign_in_by_facebook)
        .service(begin::begin_social)
        .service(confirm_link::link_social)
        .service(ways_in::login_methods)
        .service(unlink::delete_login_method);
}

/// Does with a proof what is to be done, and tells it.
async fn come(
    state: &State,
    request: SocialRequest,
    caller: &Asker,
    entrance: &Entrance,
) -> Result<HttpResponse, Failure> {
    let accounts = &state.services.accounts;
    let outcome = accounts.sign_in_socially(&request, caller.identity.as_ref(), &entrance.device).await?;
    Ok(reply::outcome(state, entrance, request.provider, &outcome))
}

fn request(provider: Provider, proof: Proof, begun: Option<String>, nonce: Option<String>) -> SocialRequest {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    SocialRequest {
        provider,
        proof,
        state: given(begun).map(|state| MailToken::received(&state)),
        nonce: given(nonce).map(Secret::new),
    }
}

/// A code or token: something, and no more than any provider makes.
fn secret(field: &'static str, text: Option<String>) -> Result<Secret, FieldError> {
    const MAX_BYTES: usize = 16 * 1024;
    match text.filter(|text| !text.trim().is_empty()) {
        None => Err(FieldError::new(field, "must not be empty")),
        Some(text) if text.len() > MAX_BYTES => Err(FieldError::new(field, "must have at most 16384 bytes")),
        Some(text) if text.chars().any(char::is_control) => {
            Err(FieldError::new(field, "must not contain control characters"))
        }
        Some(text) => Ok(Secret::new(text)),
    }
}
