use crate::Failure;
use crate::accounts::{Entered, entered};
use crate::api::State;
use crate::extract::{Entrance, MailedLink};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_accounts::SocialLinkError;
use square_wire::ErrorBody;

/// Allow signing in by a provider
///
/// Takes both parts of the mailed link, whose token is good once: links the identity to the account, or makes the account, and
/// signs in. An account whose address was not confirmed before goes over to whoever has the mailbox: its password, other ways to
/// sign in and sessions end.
#[utoipa::path(tag = "accounts", params(MailedLink), responses(
    (status = 200, description = "Linked or made, and signed in; or the second factor is asked for.", body = Entered),
    (status = 400, description = "The link is unknown, used, expired or another account's.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 409, description = "The identity or the address belongs to another account by now.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/link_social/{token}/{uidb64}")]
pub(crate) async fn link_social(
    state: Data<State>,
    link: MailedLink,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let user = link.user.ok_or(SocialLinkError::Rejected)?;
    let entry = state.services.accounts.confirm_social_link(&link.token, user, &entrance.device).await?;
    Ok(entered(&state, &entrance, "You can sign in this way from now on.", &entry))
}
