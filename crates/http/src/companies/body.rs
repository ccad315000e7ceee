use serde::Deserialize;
use serde_json::json;
use square_companies::{AccountDraft, CompanyDraft};
use square_wire::Decimal;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

/// What somebody says of a company.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "company_name": "Padaria Aurora", "phone": "551155550110", "declared_billing": "1234.50",
    "bank_accounts": [{"agency": "0042-8", "account_number": "12345-6", "bank": {"code": "001"}}]
}))]
pub(crate) struct CompanyBody {
    /// Its name, 1 to 80 characters.
    company_name: Option<String>,
    /// Its telephone number, 1 to 15 digits and nothing else.
    phone: Option<String>,
    /// What it declares as billing, as a text or a number.
    #[schema(schema_with = amount, required = false)]
    declared_billing: Option<Decimal>,
    /// Its bank accounts: at most 3 of a new company, at most 50 later.
    bank_accounts: Option<Vec<BankAccountBody>>,
}

/// How the OpenAPI document describes an amount, which is read as a [`Decimal`].
fn amount() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let number = ObjectBuilder::new().schema_type(Type::Number);
    let description = "What it declares as billing: 0 to 9999999999.99 with at most two digits behind the point, as a text or a number. It is \
                       kept exactly as it is written.";
    let either = OneOfBuilder::new().item(text).item(number);
    either.description(Some(description)).examples([json!("1234.50"), json!(1234)]).into()
}

/// What somebody says of a bank account.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"agency": "0042-8", "account_number": "12345-6", "bank": {"code": "001"}}))]
pub(crate) struct BankAccountBody {
    /// The branch of the bank: 1 to 10 digits, letters and the signs `-`, `.`, `/`. Letters are kept as capitals.
    agency: Option<String>,
    /// Its number there, written likewise.
    account_number: Option<String>,
    /// The bank.
    bank: Option<BankChoice>,
}

/// A bank, by its code.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BankChoice {
    /// Its code, three digits: one of `GET /banks`.
    code: Option<String>,
}

impl CompanyBody {
    pub(crate) fn draft(self) -> CompanyDraft {
        let accounts =
            |accounts: Vec<BankAccountBody>| accounts.into_iter().map(BankAccountBody::draft).collect();
        CompanyDraft {
            company_name: self.company_name,
            phone: self.phone,
            declared_billing: self.declared_billing.map(|Decimal(text)| text),
            bank_accounts: self.bank_accounts.map(accounts),
        }
    }
}

impl BankAccountBody {
    pub(crate) fn draft(self) -> AccountDraft {
        AccountDraft {
            agency: self.agency,
            account_number: self.account_number,
            bank_code: self.bank.and_then(|bank| bank.code),
        }
    }
}
