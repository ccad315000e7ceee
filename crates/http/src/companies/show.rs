use crate::Failure;
use crate::accounts::private;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use square_companies::CompanyId;
use square_wire::{Company, ErrorBody};

/// One company
///
/// One's own, or any with the permission `get:companies`.
#[utoipa::path(tag = "companies", params(("id" = Uuid, Path, description = "The company.")), security(("token" = [])), responses(
    (status = 200, description = "The company.", body = Company),
    (status = 404, description = "Unknown, or not yours to see.", body = ErrorBody),
))]
#[get("/company/{id}")]
pub(crate) async fn show_company(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<CompanyId>,
) -> Result<HttpResponse, Failure> {
    let company = state.services.companies.show(&caller.asker, id).await?;
    Ok(private(StatusCode::OK, Company::from(&company)))
}
