use super::body::CompanyBody;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{ExactJson, Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use square_companies::CompanyId;
use square_wire::{Company, ErrorBody};

/// Replace what is said of a company
///
/// All fields but `bank_accounts`, which stay where they are left out. Where they are there, they take the place of those there were; those
/// that the company has already keep their identifiers. One's own company, or any with the permission `patch:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The company.")), request_body = CompanyBody, security(("token" = [])), responses(
    (status = 200, description = "The company.", body = Company),
    (status = 404, description = "Unknown, or not yours to change.", body = ErrorBody),
    (status = 409, description = "There is a bank account with this agency, number and bank already (`already_exists`), or twice in the body.", body = ErrorBody),
))]
#[put("/company/{id}")]
pub(crate) async fn replace_company(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<CompanyId>,
    ExactJson(body): ExactJson<CompanyBody>,
) -> Result<HttpResponse, Failure> {
    let company = state.services.companies.replace(&caller.asker, id, body.draft()).await?;
    Ok(private(StatusCode::OK, Company::from(&company)))
}
