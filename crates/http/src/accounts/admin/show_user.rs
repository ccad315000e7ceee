use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_kernel::UserId;
use square_wire::{ErrorBody, User};

/// One account
///
/// Takes the permission `get:users`.
#[utoipa::path(tag = "administration", params(("id" = Uuid, Path, description = "The account.")), security(("token" = [])), responses(
    (status = 200, description = "The account.", body = User),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such account.", body = ErrorBody),
))]
#[get("/users/{id}")]
pub(crate) async fn user(
    state: Data<State>,
    caller: SignedIn,
    Id(user): Id<UserId>,
) -> Result<HttpResponse, Failure> {
    let account = state.services.accounts.user(&caller.asker, user).await?;
    Ok(private(StatusCode::OK, User::from(&account)))
}
