use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::extract::{Client, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};

/// End all other sessions
///
/// Of all sessions of the account only the one that the request is made in goes on.
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "They are over.", body = Done),
))]
#[delete("/sessions")]
pub(crate) async fn end_other_sessions(
    state: Data<State>,
    caller: SignedIn,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    state.services.accounts.end_other_sessions(&caller.identity, &device).await?;
    Ok(private(StatusCode::OK, Done::new("All other sessions are over.")))
}
