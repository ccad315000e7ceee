use super::body::CompanyBody;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{ExactJson, Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use square_companies::CompanyId;
use square_wire::{Company, ErrorBody};

/// Change some of what is said of a company
///
/// What is left out or `null` stays. Bank accounts that are there take the place of those there were, as with PUT. One's own company, or any
/// with the permission `patch:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The company.")), request_body = CompanyBody, security(("token" = [])), responses(
    (status = 200, description = "The company.", body = Company),
    (status = 404, description = "Unknown, or not yours to change.", body = ErrorBody),
    (status = 409, description = "There is a bank account with this agency, number and bank already (`already_exists`), or twice in the body.", body = ErrorBody),
))]
#[patch("/company/{id}")]
pub(crate) async fn patch_company(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<CompanyId>,
    ExactJson(body): ExactJson<CompanyBody>,
) -> Result<HttpResponse, Failure> {
    let company = state.services.companies.patch(&caller.asker, id, body.draft()).await?;
    Ok(private(StatusCode::OK, Company::from(&company)))
}
