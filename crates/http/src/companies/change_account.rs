use super::body::BankAccountBody;
use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use square_companies::BankAccountId;
use square_wire::{BankAccount, ErrorBody};

/// Replace what is said of a bank account
///
/// Of one's own company, or any with the permission `patch:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The bank account.")), request_body = BankAccountBody, security(("token" = [])), responses(
    (status = 200, description = "The account.", body = BankAccount),
    (status = 404, description = "Unknown, or not yours to change.", body = ErrorBody),
    (status = 409, description = "There is another bank account with this agency, number and bank.", body = ErrorBody),
))]
#[put("/company/account/{id}")]
pub(crate) async fn change_bank_account(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<BankAccountId>,
    Json(body): Json<BankAccountBody>,
) -> Result<HttpResponse, Failure> {
    let account = state.services.companies.change_account(&caller.asker, id, body.draft()).await?;
    Ok(private(StatusCode::OK, BankAccount::from(&account)))
}
