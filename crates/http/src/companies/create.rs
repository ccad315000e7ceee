use super::body::CompanyBody;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{ExactJson, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_wire::{Company, ErrorBody};

/// Enter a company
///
/// It belongs to whoever enters it, and nobody else sees it but who may see all. It may have up to three bank accounts at first, and more
/// are added one by one.
#[utoipa::path(tag = "companies", request_body = CompanyBody, security(("token" = [])), responses(
    (status = 201, description = "The company.", body = Company),
    (status = 409, description = "There is a bank account with this agency, number and bank already (`already_exists`), or twice in the body.", body = ErrorBody),
))]
#[post("/company/")]
pub(crate) async fn create_company(
    state: Data<State>,
    caller: SignedIn,
    ExactJson(body): ExactJson<CompanyBody>,
) -> Result<HttpResponse, Failure> {
    let company = state.services.companies.create(&caller.asker, body.draft()).await?;
    Ok(private(StatusCode::CREATED, Company::from(&company)))
}
