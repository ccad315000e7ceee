use super::{all, mfa_token, name_of};
use crate::Failure;
use crate::accounts::{Session, opened};
use crate::api::State;
use crate::extract::{Entrance, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::RecoveryCode;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "email": "ada@example.org", "recovery_code": "0123456789ABCDEF0123456789ABCDEF", "mfa_token": "0iQ…"
}))]
pub(crate) struct LostApp {
    /// The account's address.
    #[schema(format = "email")]
    email: Option<String>,
    /// The account's public name, where it has no address.
    username: Option<String>,
    /// One of the recovery codes; spent by this call.
    #[schema(value_type = String, min_length = 1)]
    recovery_code: Option<String>,
    /// The token that `login` gave.
    #[schema(value_type = String, min_length = 1)]
    mfa_token: Option<String>,
}

/// Sign in by a recovery code
///
/// For who has lost the authenticator app. The code is spent, and the owner told by letter. Attempts are counted together with
/// those of `login_mfa`.
#[utoipa::path(tag = "accounts", request_body = LostApp, responses(
    (status = 200, description = "Signed in.", body = Session),
    (status = 401, description = "The code is wrong or was used already, or the token is not good any more.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many wrong codes; `Retry-After` says when to try again.", body = ErrorBody),
))]
#[post("/verify_recovery_code")]
pub(crate) async fn verify_recovery_code(
    state: Data<State>,
    Json(body): Json<LostApp>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let code = RecoveryCode::parse(&body.recovery_code.unwrap_or_default());
    let (name, code, token) = all(name_of(body.email, body.username), code, mfa_token(body.mfa_token))?;
    let signed_in =
        state.services.accounts.sign_in_by_recovery_code(&name, &token, &code, &entrance.device).await?;
    Ok(opened(&state, &entrance, "The recovery code is valid", &signed_in))
}
