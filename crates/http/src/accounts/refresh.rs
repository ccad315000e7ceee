use super::{Session, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_kernel::{Invalid, Secret};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"refresh_token": "AZMsBxwrfT6PSltsfY6foA.7.Wl9x…"}))]
pub(crate) struct Refresh {
    /// The refresh token of the session; spent by this call.
    #[schema(value_type = String, min_length = 1)]
    refresh_token: Option<String>,
}

/// Get new tokens
///
/// The old refresh token is spent. Used again within 10 seconds it gives the same pair once more, for a client
/// that lost the answer; later it ends the whole session.
#[utoipa::path(tag = "accounts", request_body = Refresh, responses(
    (status = 200, description = "The next pair of tokens.", body = Session),
    (status = 401, description = "The token is not good, or not any more.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/token/refresh")]
pub(crate) async fn refresh(
    state: Data<State>,
    Json(body): Json<Refresh>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let token = body.refresh_token.unwrap_or_default();
    if token.is_empty() {
        return Err(Invalid::field("refresh_token", "must not be empty").into());
    }
    let signed_in = state.services.accounts.refresh(&Secret::new(token), &device).await?;
    Ok(private(StatusCode::OK, Session::new("Here are your new tokens.", &signed_in)))
}
