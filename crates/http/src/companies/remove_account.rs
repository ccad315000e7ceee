use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use square_companies::BankAccountId;
use square_wire::{BankAccount, ErrorBody};

/// Remove a bank account
///
/// Of one's own company, or any with the permission `patch:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The bank account.")), security(("token" = [])), responses(
    (status = 200, description = "The account as it was.", body = BankAccount),
    (status = 404, description = "Unknown, or not yours to remove.", body = ErrorBody),
))]
#[delete("/company/account/{id}")]
pub(crate) async fn remove_bank_account(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<BankAccountId>,
) -> Result<HttpResponse, Failure> {
    let account = state.services.companies.remove_account(&caller.asker, id).await?;
    Ok(private(StatusCode::OK, BankAccount::from(&account)))
}
