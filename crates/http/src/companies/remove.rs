use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_companies::CompanyId;
use square_wire::{Company, ErrorBody};

/// Remove a company
///
/// With its bank accounts. One's own, or any with the permission `delete:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The company.")), security(("token" = [])), responses(
    (status = 200, description = "The company as it was.", body = Company),
    (status = 404, description = "Unknown, or not yours to remove.", body = ErrorBody),
))]
#[delete("/company/{id}")]
pub(crate) async fn remove_company(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<CompanyId>,
) -> Result<HttpResponse, Failure> {
    let company = state.services.companies.remove(&caller.asker, id).await?;
    Ok(private(StatusCode::OK, Company::from(&company)))
}
