use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{Device, EmailAddress};
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org"}))]
pub(crate) struct Forgotten {
    /// The address of the account.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Option<String>,
}

/// Have a link sent that sets a new password
///
/// The reply is the same for an address that has no account. The link is good once and for an hour.
#[utoipa::path(tag = "accounts", request_body = Forgotten, responses(
    (status = 200, description = "Sent, where there is an account.", body = Done),
    (status = 429, description = "Too many letters were asked for from this address.", body = ErrorBody),
))]
#[post("/forgot_password")]
pub(crate) async fn forgot_password(
    state: Data<State>,
    Json(body): Json<Forgotten>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    forgotten(&state, body, &device).await
}

/// Have a link sent that sets a new password, by another name
///
/// The same as `forgot_password`.
#[utoipa::path(tag = "accounts", request_body = Forgotten, responses(
    (status = 200, description = "Sent, where there is an account.", body = Done),
    (status = 429, description = "Too many letters were asked for from this address.", body = ErrorBody),
))]
#[post("/requestresetPassword")]
pub(crate) async fn request_reset_password(
    state: Data<State>,
    Json(body): Json<Forgotten>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    forgotten(&state, body, &device).await
}

async fn forgotten(state: &State, body: Forgotten, device: &Device) -> Result<HttpResponse, Failure> {
    let email = EmailAddress::parse(&body.email.unwrap_or_default()).map_err(Invalid::from)?;
    state.services.accounts.forgot_password(&email, device).await?;
    let message = "If the address has an account, a letter with a link is on its way.";
    Ok(private(StatusCode::OK, Done::new(message)))
}
