use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::extract::{Client, Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_kernel::UserId;
use square_wire::ErrorBody;

/// Delete an account
///
/// With all that belongs to it; its owner is told by letter. Takes the permission `delete:users`. Nobody deletes their own account here, and an
/// account that may manage others is always left.
#[utoipa::path(tag = "administration", params(("id" = Uuid, Path, description = "The account.")), security(("token" = [])), responses(
    (status = 200, description = "It is gone.", body = Done),
    (status = 403, description = "You may not.", body = ErrorBody),
    (status = 404, description = "There is no such account.", body = ErrorBody),
    (status = 409, description = "It is your own account, or that of the last administrator.", body = ErrorBody),
))]
#[delete("/users/{id}")]
pub(crate) async fn delete_user(
    state: Data<State>,
    caller: SignedIn,
    Id(user): Id<UserId>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    state.services.accounts.delete_user(&caller.asker, user, &device).await?;
    Ok(private(StatusCode::OK, Done::new("The account is gone.")))
}
