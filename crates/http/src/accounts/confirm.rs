use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::MailToken;
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "q3xGkT0m2vJ1c5nP8wRzYbLdHfS7uA9eKiOoZt4XlMw"}))]
pub(crate) struct Confirmation {
    /// The token of the mailed link.
    #[schema(value_type = String, min_length = 1)]
    token: Option<String>,
}

/// Confirm an address
///
/// Takes the token of the mailed link, which is good once, here or at `verify`.
#[utoipa::path(tag = "accounts", request_body = Confirmation, responses(
    (status = 200, description = "The address is confirmed.", body = Done),
    (status = 400, description = "The link is unknown, used or expired.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/confirmEmail")]
pub(crate) async fn confirm_email(
    state: Data<State>,
    Json(body): Json<Confirmation>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let token = body.token.unwrap_or_default();
    if token.is_empty() {
        return Err(Invalid::field("token", "must not be empty").into());
    }
    state.services.accounts.confirm(&MailToken::received(&token), None, &device).await?;
    Ok(private(StatusCode::OK, Done::new("The address is confirmed.")))
}
