//! Companies and their accounts as rows.

use super::banks::{BankRow, bank};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::names::NameColumns;
use crate::schema::companies::{bank_accounts, banks, companies};
use diesel::prelude::*;
use square_companies::{AccountNumber, Agency, BankAccount, Company, CompanyName, DeclaredBilling, Phone};

#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = companies, treat_none_as_default_value = false)]
pub(super) struct CompanyRow {
    pub(super) id: Key,
    pub(super) owner_id: Key,
    company_name: String,
    pub(super) company_name_key: String,
    company_name_key_reversed: String,
    company_name_key_length: i64,
    phone: String,
    declared_billing: i64,
    created_at: Moment,
}

impl CompanyRow {
    pub(super) fn from(company: &Company) -> Self {
        let NameColumns { key, reversed, length } = (&company.key()).into();
        Self {
            id: Key(company.id.uuid()),
            owner_id: Key(company.owner.uuid()),
            company_name: company.name.as_str().to_owned(),
            company_name_key: key,
            company_name_key_reversed: reversed,
            company_name_key_length: length,
            phone: company.phone.as_str().to_owned(),
            declared_billing: company.billing.cents(),
            created_at: company.created_at.into(),
        }
    }

    fn company(self, accounts: Vec<BankAccount>) -> QueryResult<Company> {
        let billing = DeclaredBilling::from_cents(self.declared_billing);
        Ok(Company {
            id: self.id.0.into(),
            owner: self.owner_id.0.into(),
            name: CompanyName::parse(&self.company_name).map_err(|e| corrupt("companies.company_name", e))?,
            phone: Phone::parse(&self.phone).map_err(|e| corrupt("companies.phone", e))?,
            billing: billing.ok_or_else(|| corrupt("companies.declared_billing", "out of bounds"))?,
            accounts,
            created_at: self.created_at.at,
        })
    }

    /// Stores the row anew; what it is known by and whose it is stay.
    pub(super) fn rewrite(&self, connection: &mut DbConnection) -> QueryResult<()> {
        let change = (
            companies::company_name.eq(&self.company_name),
            companies::company_name_key.eq(&self.company_name_key),
            companies::company_name_key_reversed.eq(&self.company_name_key_reversed),
            companies::company_name_key_length.eq(self.company_name_key_length),
            companies::phone.eq(&self.phone),
            companies::declared_billing.eq(self.declared_billing),
        );
        diesel::update(companies::table.find(self.id)).set(change).execute(connection).map(drop)
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = bank_accounts, treat_none_as_default_value = false)]
pub(super) struct AccountRow {
    id: Key,
    company_id: Key,
    bank_code: String,
    agency: String,
    account_number: String,
}

impl AccountRow {
    pub(super) fn from(company: Key, account: &BankAccount) -> Self {
        Self {
            id: Key(account.id.uuid()),
            company_id: company,
            bank_code: account.bank.code.to_string(),
            agency: account.agency.as_str().to_owned(),
            account_number: account.number.as_str().to_owned(),
        }
    }

    fn account(self, of: BankRow) -> QueryResult<BankAccount> {
        let number = AccountNumber::parse(&self.account_number);
        Ok(BankAccount {
            id: self.id.0.into(),
            agency: Agency::parse(&self.agency).map_err(|e| corrupt("bank_accounts.agency", e))?,
            number: number.map_err(|e| corrupt("bank_accounts.account_number", e))?,
            bank: bank(of)?,
        })
    }
}

/// The companies of these rows, in their order, with their accounts.
pub(super) fn with_accounts(
    connection: &mut DbConnection,
    rows: Vec<CompanyRow>,
) -> QueryResult<Vec<Company>> {
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.id.bytes()).collect();
    let accounts: Vec<(AccountRow, BankRow)> = bank_accounts::table
        .inner_join(banks::table)
        .filter(bank_accounts::company_id.eq_any(ids))
        .order(bank_accounts::id)
        .load(connection)?;
    let mut of_company = std::collections::HashMap::<Key, Vec<BankAccount>>::new();
    for (account, bank) in accounts {
        of_company.entry(account.company_id).or_default().push(account.account(bank)?);
    }
    rows.into_iter()
        .map(|row| {
            let accounts = of_company.remove(&row.id).unwrap_or_default();
            row.company(accounts)
        })
        .collect()
}

pub(super) fn company(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Company>> {
    let row: Option<CompanyRow> = companies::table.find(id).first(connection).optional()?;
    Ok(with_accounts(connection, row.into_iter().collect())?.pop())
}
