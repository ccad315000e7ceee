use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::device_token;
use crate::extract::{Entrance, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::OtpCode;
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"mfa_enabled": true, "otp": "123456"}))]
pub(crate) struct MfaSwitch {
    /// Whether signing in is to ask for a second factor.
    #[schema(value_type = bool)]
    mfa_enabled: Option<bool>,
    /// What the authenticator app shows, as a string or a number; needed to switch it on.
    #[serde(default, deserialize_with = "super::otp::otp")]
    #[schema(schema_with = super::otp::schema, required = false)]
    otp: Option<String>,
}

/// Switch the second factor on or off
///
/// All other sessions end, and this device gets a new `X-Device-Token`. Switching it on asks for a confirmed address. Switching it off asks for a sign-in within the last ten minutes and forgets secret and recovery codes.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = MfaSwitch, responses(
    (status = 200, description = "Switched.", body = Done),
    (status = 403, description = "To switch it on, confirm your address first (`address_not_confirmed`); to switch it off, sign in again (`reauthentication_required`); or a browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 409, description = "It is on already, or no authenticator app was verified.", body = ErrorBody),
    (status = 422, description = "The code is wrong or was used already.", body = ErrorBody),
    (status = 429, description = "Too many attempts.", body = ErrorBody),
))]
#[post("/setup_mfa")]
pub(crate) async fn setup_mfa(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<MfaSwitch>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let accounts = &state.services.accounts;
    let (message, tokens) = match body.mfa_enabled {
        None => return Err(Invalid::field("mfa_enabled", "must be true or false").into()),
        Some(true) => {
            let code = OtpCode::parse(&body.otp.unwrap_or_default()).map_err(Invalid::from)?;
            (
                "MFA enabled successfully",
                accounts.enable_mfa(&caller.identity, &code, &entrance.device).await?,
            )
        }
        Some(false) => {
            ("MFA disabled successfully", accounts.disable_mfa(&caller.identity, &entrance.device).await?)
        }
    };
    let mut response = private(StatusCode::OK, Done::new(message));
    device_token::give(&tokens, &entrance, &state.services.settings, &mut response);
    Ok(response)
}
