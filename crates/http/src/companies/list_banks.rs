use crate::Failure;
use crate::api::State;
use crate::extract::{Paging, Query};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use square_companies::ports::BankFilter;
use square_kernel::Invalid;
use square_wire::Bank;
use utoipa::{IntoParams, ToSchema};

/// Which banks are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BanksQuery {
    /// That with this code, three digits.
    code: Option<String>,
    /// Those of which a name has this in it, in any case and with or without accents; at most 80 characters.
    text: Option<String>,
}

impl BanksQuery {
    fn filter(self) -> Result<BankFilter, Invalid> {
        let mut invalid = Invalid::default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let code = given(self.code).map(|code| code.trim().parse::<square_companies::BankCode>());
        let code = invalid.collect(code.transpose());
        let text = given(self.text).as_deref().map(BankFilter::part).transpose();
        let text = invalid.collect(text);
        match (code, text) {
            (Some(code), Some(text)) => Ok(BankFilter { code, text }),
            _ => Err(invalid),
        }
    }
}

/// One page of banks.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BankList {
    /// The banks, by code.
    banks: Vec<Bank>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Banks
///
/// Those that a bank account may be at, by code. For anybody.
#[utoipa::path(tag = "companies", params(BanksQuery, Paging), responses(
    (status = 200, description = "A page of them.", body = BankList),
))]
#[get("/banks")]
pub(crate) async fn list_banks(
    state: Data<State>,
    Query(query): Query<BanksQuery>,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let mut invalid = Invalid::default();
    let filter = query.filter().map_err(|faults| invalid.0.extend(faults.0));
    let page = paging.page().map_err(|faults| invalid.0.extend(faults.0));
    let (Ok(filter), Ok(page)) = (filter, page) else { return Err(invalid.into()) };
    let slice = state.services.companies.banks(&filter, page).await?;
    let next_cursor = slice.next.map(|next| next.to_string());
    let banks = slice.items.iter().map(Bank::from).collect();
    Ok(HttpResponse::Ok().json(BankList { banks, next_cursor }))
}
