use super::{Done, DoneFor, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json, MailedLink, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{ConfirmEmailError, EmailAddress};
use square_kernel::{Invalid, Secret};
use square_wire::{ErrorBody, User};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.net", "password": "correct horse"}))]
pub(crate) struct NewAddress {
    /// The address that the account is to have.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Option<String>,
    /// The account's password; left out where it has none.
    #[schema(format = Password)]
    password: Option<String>,
}

/// Ask for another address
///
/// Takes effect when the link that is mailed to the new address is used. The old address is told at once. The reply is the same for an
/// address that has an account already. Accounts without a password need a sign-in within the last ten minutes instead.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = NewAddress, responses(
    (status = 200, description = "A letter is on its way to the new address.", body = Done),
    (status = 403, description = "The password is wrong (`wrong_password`), or there is none and the sign-in too long ago (`reauthentication_required`).", body = ErrorBody),
    (status = 429, description = "Too many wrong passwords, or too many letters.", body = ErrorBody),
))]
#[post("/change_email")]
pub(crate) async fn change_email(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<NewAddress>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let email = EmailAddress::parse(&body.email.unwrap_or_default()).map_err(Invalid::from)?;
    let password = body.password.filter(|password| !password.is_empty()).map(Secret::new);
    state.services.accounts.change_email(&caller.identity, &email, password.as_ref(), &device).await?;
    let message = "A letter is on its way to the new address. Please follow the link in it.";
    Ok(private(StatusCode::OK, Done::new(message)))
}

/// Confirm another address
///
/// Takes both parts of the link that was mailed to it, which is good once. Nobody is signed in by it, and sessions go on.
#[utoipa::path(tag = "accounts", params(MailedLink), responses(
    (status = 200, description = "It is the account's address now.", body = DoneFor),
    (status = 400, description = "The link is unknown, used, expired or another account's.", body = ErrorBody),
    (status = 409, description = "Another account has the address by now.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/change_email/{token}/{uidb64}")]
pub(crate) async fn confirm_new_email(
    state: Data<State>,
    link: MailedLink,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let user = link.user.ok_or(ConfirmEmailError::Rejected)?;
    let account = state.services.accounts.confirm_new_email(&link.token, Some(user), &device).await?;
    let done = Done::new("The address is changed.");
    Ok(private(StatusCode::OK, DoneFor { done, user: User::from(&account) }))
}
