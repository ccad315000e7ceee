use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::EmailAddress;
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org"}))]
pub(crate) struct Resend {
    /// The address to confirm.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Option<String>,
}

/// Have the confirmation letter sent again
///
/// The reply is the same for an address that has no account or is confirmed already.
#[utoipa::path(tag = "accounts", request_body = Resend, responses(
    (status = 200, description = "Sent, where there was something to confirm.", body = Done),
    (status = 429, description = "Too many letters were asked for from this address.", body = ErrorBody),
))]
#[post("/resend_confirmation")]
pub(crate) async fn resend_confirmation(
    state: Data<State>,
    Json(body): Json<Resend>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let email = EmailAddress::parse(&body.email.unwrap_or_default()).map_err(Invalid::from)?;
    state.services.accounts.resend_confirmation(&email, &device).await?;
    let message = "If the address waits to be confirmed, a letter is on its way.";
    Ok(private(StatusCode::OK, Done::new(message)))
}
