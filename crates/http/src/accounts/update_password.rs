use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::device_token;
use crate::extract::{Entrance, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::Password;
use square_kernel::{FieldError, Invalid, Secret};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"existing_password": "correct horse", "new_password": "brand new horse"}))]
pub(crate) struct Passwords {
    /// The password as it is.
    #[schema(value_type = String, format = Password, min_length = 1)]
    existing_password: Option<String>,
    /// The new one: 8 to 1024 bytes, none of the most common ones.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    new_password: Option<String>,
}

/// Change one's password
///
/// All other sessions end; this one goes on. What devices showed at sign-ins (`X-Device-Token`) shows nothing any more; the reply has a new
/// one for this device.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = Passwords, responses(
    (status = 200, description = "Changed.", body = Done),
    (status = 403, description = "The existing password is wrong (`wrong_password`).", body = ErrorBody),
    (status = 409, description = "The account has no password yet; `forgot_password` gives it one.", body = ErrorBody),
    (status = 429, description = "Too many wrong passwords.", body = ErrorBody),
))]
#[post("/update_password")]
pub(crate) async fn update_password(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<Passwords>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let (existing, new) = body.parse()?;
    let tokens =
        state.services.accounts.update_password(&caller.identity, &existing, &new, &entrance.device).await?;
    let mut response =
        private(StatusCode::OK, Done::new("The password is changed, and other sessions are over."));
    device_token::give(&tokens, &entrance, &state.services.settings, &mut response);
    Ok(response)
}

impl Passwords {
    fn parse(self) -> Result<(Secret, Password), Invalid> {
        let mut invalid = Invalid::default();
        let existing = self.existing_password.filter(|password| !password.is_empty()).map(Secret::new);
        let existing = existing.ok_or_else(|| FieldError::new("existing_password", "must not be empty"));
        let existing = invalid.collect(existing);
        let new = invalid.collect(Password::parse("new_password", &self.new_password.unwrap_or_default()));
        match (existing, new) {
            (Some(existing), Some(new)) => Ok((existing, new)),
            _ => Err(invalid),
        }
    }
}
