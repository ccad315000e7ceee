//! All that is stored about an account, in one reply.

mod parts;
mod shapes;

use crate::Failure;
use crate::api::State;
use crate::extract::{Client, SignedIn};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use parts::Parts;
use shapes::Export;
use square_wire::ErrorBody;

/// All that is stored about one's account
///
/// Account, ways to sign in (without tokens), sessions, skills, questions with their answers, events, companies and entries of the audit log, to be
/// saved as a file. Where something fails on the way, the reply breaks off.
#[utoipa::path(tag = "accounts", security(("token" = [])), responses(
    (status = 200, description = "All of it.", body = Export),
    (status = 429, description = "It was asked for often of late.", body = ErrorBody),
))]
#[get("/me/export")]
pub(crate) async fn export(
    state: Data<State>,
    caller: SignedIn,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let data = state.services.accounts.begin_export(&caller.identity, &device).await?;
    let parts = Parts::new(state, caller, &data)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"square-account.json\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(parts.stream()))
}
