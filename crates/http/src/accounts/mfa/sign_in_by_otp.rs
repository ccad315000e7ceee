use super::{all, mfa_token, name_of};
use crate::Failure;
use crate::accounts::{Session, opened};
use crate::api::State;
use crate::extract::{Entrance, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::OtpCode;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "otp": "123456", "mfa_token": "0iQ…"}))]
pub(crate) struct LoginMfa {
    /// The account's address.
    #[schema(format = "email")]
    email: Option<String>,
    /// The account's public name, where it has no address.
    username: Option<String>,
    /// What the authenticator app shows, as a string or a number.
    #[serde(default, deserialize_with = "super::otp::otp")]
    #[schema(schema_with = super::otp::schema, required = true)]
    otp: Option<String>,
    /// The token that `login` gave.
    #[schema(value_type = String, min_length = 1)]
    mfa_token: Option<String>,
}

/// Sign in by the second factor
///
/// Five codes may be tried per `mfa_token`, and twenty wrong ones an hour per account.
#[utoipa::path(tag = "accounts", request_body = LoginMfa, responses(
    (status = 200, description = "Signed in.", body = Session),
    (status = 401, description = "The code is wrong or was used already, or the token is not good any more.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many wrong codes; `Retry-After` says when to try again.", body = ErrorBody),
))]
#[post("/login_mfa")]
pub(crate) async fn login_mfa(
    state: Data<State>,
    Json(body): Json<LoginMfa>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let code = OtpCode::parse(&body.otp.unwrap_or_default());
    let (name, code, token) = all(name_of(body.email, body.username), code, mfa_token(body.mfa_token))?;
    let signed_in = state.services.accounts.sign_in_by_otp(&name, &token, &code, &entrance.device).await?;
    Ok(opened(&state, &entrance, "The TOTP MFA token is valid", &signed_in))
}
