use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};

/// Sign out
///
/// The session is over: its access and refresh tokens are refused from the next request on.
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "Signed out.", body = Done),
))]
#[post("/logout")]
pub(crate) async fn logout(
    state: Data<State>,
    caller: SignedIn,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    state.services.accounts.sign_out(&caller.identity, &device).await?;
    Ok(private(StatusCode::OK, Done::new("Signed out.")))
}
