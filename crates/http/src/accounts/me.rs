use super::private;
use crate::Failure;
use crate::api::State;
use crate::extract::SignedIn;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_accounts::ports::TokenRejected;
use square_wire::User;

/// One's own account
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "The account.", body = User),
))]
#[get("/me")]
pub(crate) async fn me(state: Data<State>, caller: SignedIn) -> Result<HttpResponse, Failure> {
    let account = state.services.accounts.profile(caller.identity.user).await?;
    // Its token may outlive an account by a moment.
    let account = account.ok_or(TokenRejected::Invalid)?;
    Ok(private(StatusCode::OK, User::from(&account)))
}
