use super::{Entered, entered};
use crate::Failure;
use crate::api::State;
use crate::extract::{Entrance, MailedLink};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_accounts::ConfirmError;
use square_wire::ErrorBody;

/// Confirm an address and sign in
///
/// Takes both parts of the mailed link; its token is good once, here or at `confirmEmail`. Where the account has a second factor,
/// the reply asks for it instead of giving tokens.
#[utoipa::path(tag = "accounts", params(MailedLink), responses(
    (status = 200, description = "The address is confirmed and its owner signed in.", body = Entered),
    (status = 400, description = "The link is unknown, used, expired or another account's.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/verify/{token}/{uidb64}")]
pub(crate) async fn verify(
    state: Data<State>,
    link: MailedLink,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let user = link.user.ok_or(ConfirmError::Rejected)?;
    let entry = state.services.accounts.verify(&link.token, user, &entrance.device).await?;
    Ok(entered(&state, &entrance, "The address is confirmed.", &entry))
}
