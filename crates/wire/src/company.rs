use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Company {
    /// Its identifier.
    pub id: Uuid,
    /// Its name, 1 to 80 characters.
    #[schema(example = "Padaria Aurora")]
    pub company_name: String,
    /// Its telephone number, 1 to 15 digits.
    #[schema(example = "551155550110")]
    pub phone: String,
    /// When it was entered, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
    /// What it has declared as billing: a decimal number as a text, always with two digits behind the point, so that no client
    /// reads it as a float.
    #[schema(example = "1234.50")]
    pub declared_billing: String,
    /// Its bank accounts, the oldest first.
    pub bank_accounts: Vec<BankAccount>,
}

/// A bank account of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BankAccount {
    /// Its identifier.
    pub id: Uuid,
    /// The branch of the bank, 1 to 10 characters, letters in capitals.
    #[schema(example = "0042-8")]
    pub agency: String,
    /// Its number there, 1 to 10 characters, letters in capitals.
    #[schema(example = "12345-X")]
    pub account_number: String,
    /// The bank.
    pub bank: Bank,
}

/// A bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bank {
    /// Its code in the Brazilian clearing (COMPE), three digits.
    #[schema(example = "001")]
    pub code: String,
    /// Its name.
    #[schema(example = "Banco do Brasil")]
    pub name: String,
}

impl From<&square_companies::Company> for Company {
    fn from(company: &square_companies::Company) -> Self {
        Self {
            id: company.id.uuid(),
            company_name: company.name.as_str().to_owned(),
            phone: company.phone.as_str().to_owned(),
            created: company.created_at.to_string(),
            declared_billing: company.billing.to_string(),
            bank_accounts: company.accounts.iter().map(BankAccount::from).collect(),
        }
    }
}

impl From<&square_companies::BankAccount> for BankAccount {
    fn from(account: &square_companies::BankAccount) -> Self {
        Self {
            id: account.id.uuid(),
            agency: account.agency.as_str().to_owned(),
            account_number: account.number.as_str().to_owned(),
            bank: Bank::from(&account.bank),
        }
    }
}

impl From<&square_companies::Bank> for Bank {
    fn from(bank: &square_companies::Bank) -> Self {
        Self { code: bank.code.to_string(), name: bank.name.as_str().to_owned() }
    }
}
