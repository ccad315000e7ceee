use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, OptionalJson, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use serde::Deserialize;
use square_kernel::Secret;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse"}))]
pub(crate) struct Farewell {
    /// The account's password; left out where it has none.
    #[schema(format = Password)]
    password: Option<String>,
}

/// Delete one's account
///
/// With all that belongs to it: sessions, skills, events, questions and their answers, ways to sign in. What the audit log says stays, but
/// not from where. Accounts without a password need a sign-in within the last ten minutes instead.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = Option<Farewell>, responses(
    (status = 200, description = "Deleted.", body = Done),
    (status = 403, description = "The password is wrong (`wrong_password`), or there is none and the sign-in too long ago (`reauthentication_required`).", body = ErrorBody),
    (status = 409, description = "It is the last administrator's.", body = ErrorBody),
    (status = 429, description = "Too many wrong passwords.", body = ErrorBody),
))]
#[delete("/me")]
pub(crate) async fn delete_account(
    state: Data<State>,
    caller: SignedIn,
    OptionalJson(body): OptionalJson<Farewell>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let password = body.password.filter(|password| !password.is_empty()).map(Secret::new);
    state.services.accounts.delete_account(&caller.identity, password.as_ref(), &device).await?;
    Ok(private(StatusCode::OK, Done::new("The account and what belonged to it are deleted.")))
}
