use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::device_token;
use crate::extract::{Entrance, Json, MailedLink};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{MailToken, Password, ResetPasswordError};
use square_kernel::{FieldError, Invalid, Secret};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse battery"}))]
pub(crate) struct NewPassword {
    /// The new password: 8 to 1024 bytes, none of the most common ones.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Option<String>,
}

/// Set a new password by a mailed link
///
/// Takes both parts of the link; its token is good once, here or at `validatenewPassword`. All sessions of the account end, and nobody is
/// signed in. A second factor and identities at providers stay, but for those that were set up before the address was confirmed; the letter
/// about it says by which ways one can sign in, and `GET /social` lists them.
///
/// The reply has the cookie `square_device` and the header `X-Device-Token`, as that of `login`.
#[utoipa::path(tag = "accounts", params(MailedLink), request_body = NewPassword, responses(
    (status = 200, description = "The password is set.", body = Done),
    (status = 400, description = "The link is unknown, used, expired or another account's, or was mailed to an address that the account has no more.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/reset_password/{token}/{uidb64}")]
pub(crate) async fn reset_password(
    state: Data<State>,
    link: MailedLink,
    Json(body): Json<NewPassword>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let password = Password::parse("password", &body.password.unwrap_or_default()).map_err(Invalid::from)?;
    let user = link.user.ok_or(ResetPasswordError::Rejected)?;
    let accounts = &state.services.accounts;
    let tokens = accounts.reset_password(&link.token, Some(user), &password, &entrance.device).await?;
    Ok(done(&state, &entrance, &tokens))
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "q3xGkT0m2vJ1c5nP8wRzYbLdHfS7uA9eKiOoZt4XlMw", "password": "brand new horse"}))]
pub(crate) struct TokenAndPassword {
    /// The token of the mailed link.
    #[schema(value_type = String, min_length = 1)]
    token: Option<String>,
    /// The new password: 8 to 1024 bytes, none of the most common ones.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Option<String>,
}

/// Set a new password by the token of a mailed link
///
/// As `reset_password`, for clients that know the token alone.
#[utoipa::path(tag = "accounts", request_body = TokenAndPassword, responses(
    (status = 200, description = "The password is set.", body = Done),
    (status = 400, description = "The link is unknown, used or expired.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/validatenewPassword")]
pub(crate) async fn validate_new_password(
    state: Data<State>,
    Json(body): Json<TokenAndPassword>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let (token, password) = body.parse()?;
    let tokens = state.services.accounts.reset_password(&token, None, &password, &entrance.device).await?;
    Ok(done(&state, &entrance, &tokens))
}

impl TokenAndPassword {
    fn parse(self) -> Result<(MailToken, Password), Invalid> {
        let mut invalid = Invalid::default();
        let token = self.token.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| FieldError::new("token", "must not be empty"));
        let token = invalid.collect(token);
        let password = invalid.collect(Password::parse("password", &self.password.unwrap_or_default()));
        match (token, password) {
            (Some(token), Some(password)) => Ok((MailToken::received(&token), password)),
            _ => Err(invalid),
        }
    }
}

fn done(state: &State, entrance: &Entrance, tokens: &[Secret]) -> HttpResponse {
    let message =
        "The password is set. You can sign in with it now; a letter says by which other ways, if any.";
    let mut response = private(StatusCode::OK, Done::new(message));
    device_token::give(tokens, entrance, &state.services.settings, &mut response);
    response
}
