use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::device_token;
use crate::extract::{Entrance, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete};
use square_accounts::ports::LoginMethodId;
use square_wire::{ErrorBody, Fault};

/// Delete one of one's ways to sign in
///
/// All other sessions end, and this device gets a new `X-Device-Token`. The last way cannot be deleted; a password can be set by
/// `forgot_password`.
#[utoipa::path(tag = "accounts", params(
    ("uuid" = Uuid, Path, description = "The `entity_id` of the way to sign in."),
), security(("token" = [])), responses(
    (status = 200, description = "Deleted.", body = Done),
    (status = 403, description = "It takes a fresh sign-in (`reauthentication_required`).", body = ErrorBody),
    (status = 404, description = "You have no such way to sign in.", body = ErrorBody),
    (status = 409, description = "It is the last one (`last_login_method`).", body = ErrorBody),
))]
#[delete("/social/{uuid}")]
pub(crate) async fn delete_login_method(
    state: Data<State>,
    caller: SignedIn,
    uuid: Path<String>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let method: LoginMethodId = uuid.parse().map_err(|_| Failure(Fault::no_login_method()))?;
    let tokens = state.services.accounts.unlink(&caller.identity, method, &entrance.device).await?;
    let mut response = private(StatusCode::OK, Done::new("Login method is deleted"));
    device_token::give(&tokens, &entrance, &state.services.settings, &mut response);
    Ok(response)
}
