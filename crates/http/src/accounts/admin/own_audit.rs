use super::audit::{AuditPage, AuditQuery};
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};

/// One's own part of the audit log
///
/// What one did, and what was done to one's account; newest first. From where others did something is not told.
#[utoipa::path(tag = "accounts", params(AuditQuery, Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of it.", body = AuditPage),
))]
#[get("/me/audit")]
pub(crate) async fn own_audit(
    state: Data<State>,
    caller: SignedIn,
    Query(query): Query<AuditQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let (filter, page) = (query.filter(None)?, paging.page()?);
    let slice = state.services.accounts.own_audit(&caller.identity, &filter, page).await?;
    Ok(private(StatusCode::OK, AuditPage::from(slice)))
}
