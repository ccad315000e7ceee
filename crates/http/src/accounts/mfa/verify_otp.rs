use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::extract::{Client, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use square_accounts::{OtpCode, RecoveryCode};
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"otp": "123456"}))]
pub(crate) struct OtpToVerify {
    /// What the authenticator app shows, as a string or a number.
    #[serde(default, deserialize_with = "super::otp::otp")]
    #[schema(schema_with = super::otp::schema, required = true)]
    otp: Option<String>,
}

/// That the app shows the right codes.
#[derive(Serialize, ToSchema)]
pub(crate) struct OtpVerified {
    #[serde(flatten)]
    done: Done,
    data: Verified,
}

/// That it does, and what stands in for it once it is lost.
#[derive(Serialize, ToSchema)]
struct Verified {
    /// Always `true`.
    otp_verified: bool,
    /// Five recovery codes, each good once.
    codes: Vec<String>,
}

/// Show that the authenticator app works
///
/// Gives recovery codes. The second factor is not on by that: `setup_mfa` switches it on, with a later code, since each is good
/// once.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = OtpToVerify, responses(
    (status = 200, description = "It works.", body = OtpVerified),
    (status = 403, description = "The address is not confirmed yet (`address_not_confirmed`).", body = ErrorBody),
    (status = 409, description = "There is no QR code to go by, or it was verified already.", body = ErrorBody),
    (status = 422, description = "The code is wrong or was used already.", body = ErrorBody),
    (status = 429, description = "Too many attempts.", body = ErrorBody),
))]
#[post("/verify_otp")]
pub(crate) async fn verify_otp(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<OtpToVerify>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let code = OtpCode::parse(&body.otp.unwrap_or_default()).map_err(Invalid::from)?;
    let codes = state.services.accounts.verify_otp(&caller.identity, &code, &device).await?;
    let done = Done::new("The code is right. Keep the recovery codes in a safe place.");
    let data = Verified { otp_verified: true, codes: texts(&codes) };
    Ok(private(StatusCode::OK, OtpVerified { done, data }))
}

pub(super) fn texts(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.expose().to_owned()).collect()
}
