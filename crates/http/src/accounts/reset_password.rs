use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json, MailedLink};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{MailToken, Password, ResetPasswordError};
use square_kernel::{FieldError, Invalid};
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
/// signed in.
#[utoipa::path(tag = "accounts", params(MailedLink), request_body = NewPassword, responses(
    (status = 200, description = "The password is set.", body = Done),
    (status = 400, description = "The link is unknown, used, expired or another account's.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/reset_password/{token}/{uidb64}")]
pub(crate) async fn reset_password(
    state: Data<State>,
    link: MailedLink,
    Json(body): Json<NewPassword>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let password = Password::parse("password", &body.password.unwrap_or_default()).map_err(Invalid::from)?;
    let user = link.user.ok_or(ResetPasswordError::Rejected)?;
    state.services.accounts.reset_password(&link.token, Some(user), &password, &device).await?;
    Ok(done())
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
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/validatenewPassword")]
pub(crate) async fn validate_new_password(
    state: Data<State>,
    Json(body): Json<TokenAndPassword>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let (token, password) = body.parse()?;
    state.services.accounts.reset_password(&token, None, &password, &device).await?;
    Ok(done())
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

fn done() -> HttpResponse {
    private(StatusCode::OK, Done::new("The password is set. You can sign in with it now."))
}
