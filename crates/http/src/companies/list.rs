use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Paging, Query, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_wire::Company;
use utoipa::ToSchema;

/// One page of companies.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CompanyList {
    /// The companies, newest first.
    companies: Vec<Company>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Companies
///
/// One's own; everybody's with the permission `get:companies`. Newest first.
#[utoipa::path(tag = "companies", params(Paging), security(("token" = [])), responses(
    (status = 200, description = "A page of them.", body = CompanyList),
))]
#[get("/company/")]
pub(crate) async fn list_companies(
    state: Data<State>,
    caller: SignedIn,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let slice = state.services.companies.list(&caller.asker, paging.page()?).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let companies = slice.items.iter().map(Company::from).collect();
    Ok(private(StatusCode::OK, CompanyList { companies, next_cursor }))
}
