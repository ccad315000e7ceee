use super::{Entered, entered};
use crate::Failure;
use crate::api::State;
use crate::extract::Client;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use square_accounts::{ConfirmError, MailToken};
use square_kernel::UserId;
use square_wire::ErrorBody;

/// Confirm an address and sign in
///
/// Takes both parts of the mailed link; its token is good once, here or at `confirmEmail`. Where the account has a second factor,
/// the reply asks for it instead of giving tokens.
#[utoipa::path(tag = "accounts", params(
    ("token" = String, Path, description = "The token of the mailed link."),
    ("uidb64" = String, Path, description = "The account's id, base64url."),
), responses(
    (status = 200, description = "The address is confirmed and its owner signed in.", body = Entered),
    (status = 400, description = "The link is unknown, used, expired or another account's.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/verify/{token}/{uidb64}")]
pub(crate) async fn verify(
    state: Data<State>,
    path: Path<(String, String)>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let (token, uidb64) = path.into_inner();
    let user = user(&uidb64).ok_or(ConfirmError::Rejected)?;
    let entry = state.services.accounts.verify(&MailToken::received(&token), user, &device).await?;
    Ok(entered(&state, "The address is confirmed.", &entry))
}

/// The account that a mailed link names.
pub(super) fn user(uidb64: &str) -> Option<UserId> {
    let text = URL_SAFE_NO_PAD.decode(uidb64.trim_end_matches('=')).ok()?;
    std::str::from_utf8(&text).ok()?.parse().ok()
}
