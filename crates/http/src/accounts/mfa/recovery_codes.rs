use super::verify_otp::texts;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Client, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use square_accounts::RecoveryCode;
use square_wire::ErrorBody;
use utoipa::ToSchema;

/// Recovery codes, each good once in the place of a code of the authenticator app.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Always `true`.
    success: bool,
    /// 32 upper-case hex digits each.
    data: Vec<String>,
}

fn reply(codes: &[RecoveryCode]) -> HttpResponse {
    private(StatusCode::OK, RecoveryCodes { success: true, data: texts(codes) })
}

/// Show the recovery codes that were not used
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "The codes.", body = RecoveryCodes),
    (status = 403, description = "The sign-in is more than ten minutes ago (`reauthentication_required`).", body = ErrorBody),
))]
#[get("/recovery_codes")]
pub(crate) async fn recovery_codes(state: Data<State>, caller: SignedIn) -> Result<HttpResponse, Failure> {
    Ok(reply(&state.services.accounts.recovery_codes(&caller.identity).await?))
}

/// Make new recovery codes
///
/// Those from before are good no more.
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "The new codes.", body = RecoveryCodes),
    (status = 403, description = "The sign-in is more than ten minutes ago (`reauthentication_required`).", body = ErrorBody),
    (status = 409, description = "No authenticator app was verified.", body = ErrorBody),
    (status = 429, description = "New ones were made often of late.", body = ErrorBody),
))]
#[post("/recovery_codes")]
pub(crate) async fn renew_recovery_codes(
    state: Data<State>,
    caller: SignedIn,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    Ok(reply(&state.services.accounts.renew_recovery_codes(&caller.identity, &device).await?))
}
