use crate::Failure;
use crate::accounts::{Done, private};
use crate::api::State;
use crate::extract::{Client, Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_kernel::SessionId;
use square_wire::ErrorBody;

/// End one of one's sessions
///
/// Its access and refresh tokens are refused from the next request on. To end the one that the request is made in is to sign out.
#[utoipa::path(tag = "accounts", params(("id" = Uuid, Path, description = "The session.")), security(("token" = [])),
    responses(
        (status = 200, description = "Ended.", body = Done),
        (status = 404, description = "There is no such live session of yours.", body = ErrorBody),
    ))]
#[delete("/sessions/{id}")]
pub(crate) async fn end_session(
    state: Data<State>,
    caller: SignedIn,
    Id(session): Id<SessionId>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    state.services.accounts.end_one_session(&caller.identity, session, &device).await?;
    Ok(private(StatusCode::OK, Done::new("The session is over.")))
}
