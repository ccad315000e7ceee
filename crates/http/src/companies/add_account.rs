use super::body::BankAccountBody;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use square_companies::CompanyId;
use square_wire::{BankAccount, ErrorBody};

/// Add a bank account to a company
///
/// A company has at most 50 of them. One's own company, or any with the permission `patch:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The company.")), request_body = BankAccountBody, security(("token" = [])), responses(
    (status = 201, description = "The account.", body = BankAccount),
    (status = 404, description = "The company is unknown, or not yours to change.", body = ErrorBody),
    (status = 409, description = "There is a bank account with this agency, number and bank already (`already_exists`), or the company has as many as it may (`too_many_bank_accounts`).", body = ErrorBody),
))]
#[post("/company/{id}/bank_account")]
pub(crate) async fn add_bank_account(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<CompanyId>,
    Json(body): Json<BankAccountBody>,
) -> Result<HttpResponse, Failure> {
    let account = state.services.companies.add_account(&caller.asker, id, body.draft()).await?;
    Ok(private(StatusCode::CREATED, BankAccount::from(&account)))
}
