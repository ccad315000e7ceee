use super::qr_image::qr_image;
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json, SignedIn};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_kernel::{Invalid, Secret};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"login_type": "signup", "password": "correct horse"}))]
pub(crate) struct QrCodeRequest {
    /// `signup` (or nothing) for an account with a password, `social` for one without.
    login_type: Option<String>,
    /// The password, where the account has one.
    #[schema(format = Password)]
    password: Option<String>,
}

/// Get a QR code for an authenticator app
///
/// Holds a new secret, in the place of one that was not switched on. An account that has no password sends `social`, and has to
/// have signed in within the last ten minutes.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = QrCodeRequest, responses(
    (status = 200, description = "The QR code.", content_type = "image/png", body = inline(super::qr_image::Png)),
    (status = 403, description = "The password is wrong (`wrong_password`), or there is none and the sign-in too long ago (`reauthentication_required`), or the address is not confirmed yet (`address_not_confirmed`).", body = ErrorBody),
    (status = 409, description = "The second factor is on already.", body = ErrorBody),
    (status = 429, description = "Too many attempts.", body = ErrorBody),
))]
#[post("/qrcode")]
pub(crate) async fn qrcode(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<QrCodeRequest>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let password = body.parse()?;
    let uri = state.services.accounts.begin_otp(&caller.identity, password.as_ref(), &device).await?;
    let image = qr_image(uri.expose())?;
    Ok(HttpResponse::Ok().content_type("image/png").insert_header((CACHE_CONTROL, "no-store")).body(image))
}

impl QrCodeRequest {
    /// The password; `None` for an account that says to have none.
    fn parse(self) -> Result<Option<Secret>, Invalid> {
        match self.login_type.as_deref().unwrap_or("signup") {
            "signup" => match self.password.filter(|password| !password.is_empty()) {
                Some(password) => Ok(Some(Secret::new(password))),
                None => Err(Invalid::field("password", "must not be empty")),
            },
            "social" => Ok(None),
            _ => Err(Invalid::field("login_type", "must be signup or social")),
        }
    }
}
